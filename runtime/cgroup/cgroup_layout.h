/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup hierarchies the host mounts where, and where in them this process is: from mountinfo. */
#ifndef CGROUP_LAYOUT_H
#define CGROUP_LAYOUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* More than the kernel has controllers: each can have a v1 hierarchy of its own, and some have only a name.
 */
#define CGROUP_HIERARCHIES_MAX 24

enum cgroup_controller {
    CGROUP_CPU,
    CGROUP_CPUACCT, /* v1 only; part of cpu in v2 */
    CGROUP_CPUSET,
    CGROUP_MEMORY,
    CGROUP_DEVICES, /* v1 only */
    CGROUP_FREEZER, /* v1 only; every v2 cgroup has one */
    CGROUP_BLKIO,   /* "io" in v2 */
    CGROUP_PIDS,
    CGROUP_HUGETLB,
    CGROUP_RDMA,
    CGROUP_NET_CLS,  /* v1 only */
    CGROUP_NET_PRIO, /* v1 only */
    CGROUP_PERF_EVENT,
    CGROUP_MISC,
    CGROUP_CONTROLLER_COUNT
};

struct cgroup_hierarchy {
    bool is_v2;
    bool is_systemd;          /* v1 without a controller, in which systemd keeps its units */
    unsigned int controllers; /* 1u << enum cgroup_controller; of v2: those that its root offers */
    char *mount;              /* where it is mounted */
    char *own;                /* a process's cgroup, below mount; "/" where it cannot be seen */
};

struct cgroup_layout {
    struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX]; /* v1 ones first */
    size_t n;
};

/* The controller's name in v1 or v2, NULL where there is none. */
const char *cgroup_controller_name(enum cgroup_controller controller, bool is_v2);

/* The controllers named in a list such as "cpu,cpuacct" or "cpuset cpu io\n". Other words are skipped. */
unsigned int cgroup_controllers_parse(const char *list, bool is_v2);

/*
 * Parses the texts of /proc/PID/mountinfo (proc_pid_mountinfo(5)) and /proc/PID/cgroup (cgroups(7)). A
 * hierarchy that is mounted twice counts once, at its first mount. v2's controllers are left empty. Release
 * in any case.
 */
int cgroup_layout_parse(const char *mountinfo, const char *own_cgroup, struct cgroup_layout *out_layout,
                        struct error *err);

/*
 * The host's layout, as this process sees it; own is where the process pid is (0: the caller). ERROR_SYSTEM
 * if there is no cgroup hierarchy at all.
 */
int cgroup_layout_read(pid_t pid, struct cgroup_layout *out_layout, struct error *err);

void cgroup_layout_release(struct cgroup_layout *layout);

#endif
