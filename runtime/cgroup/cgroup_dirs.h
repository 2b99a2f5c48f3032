/* SPDX-License-Identifier: Apache-2.0 */
/* What a struct cgroup is made of; for the cgroup_* modules only. */
#ifndef CGROUP_DIRS_H
#define CGROUP_DIRS_H

#include "cgroup_layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The most components that a path may have below its hierarchy's mount. */
#define CGROUP_DEPTH_MAX 32

/* The container's directory in one hierarchy. */
struct cgroup_dir {
    bool is_v2;
    unsigned int controllers; /* that work here: 1u << enum cgroup_controller */
    size_t n_ours;            /* how many of path's last components are this container's to remove */
    char *path;               /* absolute */
    size_t mount_length;      /* how much of path is where the hierarchy is mounted; for cgroup_make only */
};

struct cgroup {
    struct cgroup_dir dirs[CGROUP_HIERARCHIES_MAX]; /* v1 ones first */
    size_t n;
    bool is_standard;  /* planned at the standard path; for cgroup_make only */
    char *unit;        /* the systemd unit that it is; NULL: made without systemd */
    char *slice;       /* the unit's slice; for cgroup_make only */
    pid_t placeholder; /* a process that keeps a new unit alive until the container's is there; 0: none */
};

/* Plans the path, absolute or relative as linux.cgroupsPath, in every hierarchy of the layout. */
int cgroup_plan_dirs(struct cgroup *cgroup, const struct cgroup_layout *layout, const char *path,
                     struct error *err);

/* Makes the planned directories. is_shared: the last ones may have processes in them. */
int cgroup_make_dirs(struct cgroup *cgroup, bool is_shared, struct error *err);

/* Removes what was made, and parents that are this container's too as long as they are empty. */
int cgroup_remove_dirs(const struct cgroup *cgroup, struct error *err);

/* cgroup_make for a unit. */
int cgroup_make_unit(struct cgroup *cgroup, struct error *err);

/* The directory where the controller works; NULL if there is none. */
const struct cgroup_dir *cgroup_find(const struct cgroup *cgroup, enum cgroup_controller controller);

/* The v2 directory; NULL if there is none. */
const struct cgroup_dir *cgroup_find_v2(const struct cgroup *cgroup);

#endif
