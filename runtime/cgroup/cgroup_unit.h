/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's cgroup as a transient scope unit of systemd (org.freedesktop.systemd1(5)), by libsystemd's
 * sd-bus. The library is loaded when it is needed and not before: most commands and many hosts never do.
 */
#ifndef CGROUP_UNIT_H
#define CGROUP_UNIT_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stdbool.h>
#include <sys/types.h>

/* systemd's UNIT_NAME_MAX, with the NUL. */
#define CGROUP_UNIT_NAME_SIZE 256

struct cgroup_unit {
    char name[CGROUP_UNIT_NAME_SIZE];  /* "libpod-1234.scope" */
    char slice[CGROUP_UNIT_NAME_SIZE]; /* "machine.slice" */
};

/* Reads linux.cgroupsPath of the form SLICE:PREFIX:NAME; see cgroup_create_systemd. Pure. */
int cgroup_unit_parse(const char *path, const char *id, struct cgroup_unit *out_unit, struct error *err);

/* Starts the scope with the process in it; returns when systemd has done so. */
int cgroup_unit_start(const struct cgroup_unit *unit, pid_t pid, struct error *err);

/*
 * Tells systemd the limits that it has a word for, so that it does not write others when it reloads its
 * configuration. is_v2: systemd uses cgroup v2.
 */
int cgroup_unit_apply(const char *name, const struct config_resources *resources, bool is_v2,
                      struct error *err);

/* Stops the scope, and whatever is in it. One that is gone is no error. */
int cgroup_unit_stop(const char *name, struct error *err);

#endif
