/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces of a container's process (namespaces(7), runtime-spec config-linux.md "Namespaces").
 *
 * In the order of a life:
 *
 *   runtime   namespace_plan_init       what to make and what to join, from the configuration; no effect
 *   runtime   namespace_plan_open       opens and checks the namespaces to join
 *   child     namespace_enter           joins and makes them; the runtime serves the user namespace's maps
 * meanwhile runtime   namespace_serve           ... here child     fork, if needs_fork       a process is
 * never moved into a pid or time namespace, only its children are process   namespace_set_up          host
 * name, loopback, sysctls, mount propagation: inside, with all privileges runtime   namespace_plan_release
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;

/* In the order in which they are joined, the user namespace apart: see namespace.c. */
enum namespace_kind {
    NAMESPACE_USER,
    NAMESPACE_CGROUP,
    NAMESPACE_IPC,
    NAMESPACE_UTS,
    NAMESPACE_NETWORK,
    NAMESPACE_PID,
    NAMESPACE_TIME,
    NAMESPACE_MOUNT,
    NAMESPACE_COUNT
};

enum namespace_choice {
    NAMESPACE_INHERIT, /* the runtime's own */
    NAMESPACE_MAKE,    /* a fresh one */
    NAMESPACE_JOIN     /* the one that the path names */
};

struct namespace_plan {
    const struct config *config; /* borrowed: must outlive the plan */
    struct {
        enum namespace_choice choice;
        const char *path; /* JOIN: borrowed from the configuration */
        int fd;           /* JOIN: open after namespace_plan_open; else -1 */
    } ns[NAMESPACE_COUNT];
};

/* Fills the plan; refuses what cannot be (a namespace twice, maps without a user namespace, host name without
 * uts). */
int namespace_plan_init(struct namespace_plan *plan, const struct config *config, struct error *err);

/*
 * Opens what is to be joined, and checks that each path is a namespace of its kind (ioctl_ns(2)). A path that
 * names the runtime's own namespace is turned into NAMESPACE_INHERIT.
 */
int namespace_plan_open(struct namespace_plan *plan, struct error *err);

void namespace_plan_release(struct namespace_plan *plan);

/* Whether the process that entered must fork, for its child to be inside the pid or time namespace. */
bool namespace_needs_fork(const struct namespace_plan *plan);

/*
 * In the child: joins and makes all namespaces of the plan. sync is one end of a socket pair whose other end
 * namespace_serve() of the runtime has. After it the process is uid 0 and gid 0 of a user namespace that it
 * made or joined, and has no supplementary groups in it. On failure the process is somewhere in between and
 * must end.
 */
int namespace_enter(const struct namespace_plan *plan, int sync, struct error *err);

/*
 * In the runtime, while the child pid is in namespace_enter: writes the user namespace's maps and the time
 * namespace's offsets. Returns when there is nothing more to do, also when the child has died (ERROR_SYSTEM).
 */
int namespace_serve(const struct namespace_plan *plan, pid_t pid, int sync, struct error *err);

/*
 * In the container's process, inside, before privileges are dropped: makes mounts private to a new mount
 * namespace, sets host and domain name, brings up lo in a new network namespace, writes linux.sysctl. A
 * sysctl that is not confined to a namespace that the container has for itself is ERROR_REFUSED.
 */
int namespace_set_up(const struct namespace_plan *plan, struct error *err);

/* The network namespace that the container uses, open, for net_attach: of the process pid, once it is inside.
 */
int namespace_open_network(pid_t pid, int *out_fd, struct error *err);

#endif
