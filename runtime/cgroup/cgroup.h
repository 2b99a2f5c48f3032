/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's control group, as one thing, whatever the host mounts: cgroup v1 (one hierarchy a
 * controller), hybrid (v1 hierarchies and a unified one beside them) or v2 (cgroups(7), the kernel's
 * cgroup-v2.rst).
 *
 * Where the hierarchies are is read from mountinfo. A struct cgroup names one directory in each of them and
 * remembers which of these directories this runtime made: only those are ever removed. Its text form goes
 * into the container's state, so that a later command finds the same directories.
 *
 * Nothing here is kept open between calls, and no function but cgroup_make, cgroup_apply, cgroup_add and
 * cgroup_remove changes anything that outlives the processes in the group.
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cgroup;
struct cgroup_stats;
struct config_resources;

/*
 * Decides where the container's cgroup will be in every mounted hierarchy; nothing is made. Its text form,
 * saved before cgroup_make, lets a later command find whatever was made, should the runtime be killed
 * meanwhile.
 *
 * path is linux.cgroupsPath: absolute paths start at the hierarchy's root, relative ones at the caller's own
 * cgroup, and NULL means /wherry/ID (runtime-spec config-linux.md, "Cgroups Path"). A path with ".." is
 * ERROR_INPUT. *out_cgroup is the caller's: cgroup_free.
 */
int cgroup_plan(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err);

/*
 * The same as a transient scope unit of systemd, whose name path gives as "SLICE:PREFIX:NAME":
 * PREFIX-NAME.scope in SLICE ("" is system.slice); NULL means the scope wherry-ID.scope.
 */
int cgroup_plan_systemd(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err);

/*
 * Makes what was planned; the text form is exact from now on. On v2 the controllers are enabled on the way
 * down. A directory that is there already is used and not owned; one that already has processes in it, or
 * that is frozen, is ERROR_STATE. On failure cgroup_remove removes what was made.
 *
 * A unit is kept alive by a child process of the caller until cgroup_add; cgroup_free ends it. Without
 * systemd: ERROR_REFUSED.
 */
int cgroup_make(struct cgroup *cgroup, struct error *err);

/* Writes the text form into text (lines of printable ASCII, NUL-terminated); longer than size is ERROR_INPUT.
 */
int cgroup_format(const struct cgroup *cgroup, char *text, size_t size, struct error *err);

/* The reverse of cgroup_format. Does not look whether the directories still exist. */
int cgroup_parse(const char *text, struct cgroup **out_cgroup, struct error *err);

void cgroup_free(struct cgroup *cgroup);

/*
 * Applies limits; what resources does not set, or sets to 0, stays as it is (but 0 processes are any number,
 * and 0 is a burst, an idle flag and a swappiness of its own). A limit whose controller is not there, or that
 * the kernel refuses, is an error that names the property (ERROR_REFUSED or ERROR_SYSTEM); limits applied
 * before it stay. Device rules replace all earlier ones; an empty list leaves them alone.
 */
int cgroup_apply(const struct cgroup *cgroup, const struct config_resources *given, struct error *err);

/* Moves the process (all its threads) into the cgroup, in every hierarchy. */
int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct error *err);

/* Moves the calling process, which must have one thread only: much faster than cgroup_add() on v1. */
int cgroup_enter(const struct cgroup *cgroup, struct error *err);

/*
 * Stops or continues every process of the cgroup and waits until it is so, for at most two seconds: later is
 * ERROR_SYSTEM, and a freeze that took too long is undone. Without a freezer: ERROR_REFUSED.
 */
int cgroup_freeze(const struct cgroup *cgroup, struct error *err);
int cgroup_thaw(const struct cgroup *cgroup, struct error *err);

/* Whether all processes of the cgroup are stopped that way, whoever did it and at whatever level. Without a
 * freezer: ERROR_REFUSED. */
int cgroup_is_frozen(const struct cgroup *cgroup, bool *out_is_frozen, struct error *err);

/* The processes of the cgroup and of those below it, in rising order. *out_pids is the caller's to free(3).
 */
int cgroup_pids(const struct cgroup *cgroup, pid_t **out_pids, size_t *out_n, struct error *err);

/*
 * Sends the signal to every process of the cgroup. SIGKILL reaches frozen ones too and is repeated until no
 * process that could fork is left; it does not wait for the last one to be gone. A cgroup that is gone is no
 * error.
 */
int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *err);

/* Reads what the kernel counts; figures that the host does not have stay 0. Release with
 * cgroup_stats_release. */
int cgroup_stats_read(const struct cgroup *cgroup, struct cgroup_stats *out_stats, struct error *err);

/*
 * Removes the directories that cgroup_make made, and whatever was made below them. Processes that are about
 * to die are waited for, at most two seconds. What is gone already is no error. The struct stays valid.
 */
int cgroup_remove(const struct cgroup *cgroup, struct error *err);

#endif
