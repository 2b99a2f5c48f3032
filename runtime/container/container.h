/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that exists, and what commands do with it. How one comes to be is in create.h.
 *
 * container_open derives the state from what is true at that moment (lifecycle.h). Operations check it
 * themselves; those that change the record want the container opened with CONTAINER_LOCK.
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "lifecycle.h"
#include "state_dir.h"

#include "base/error.h"
#include "oci-spec/config.h"
#include "oci-spec/state.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_stats;
struct net_interface;
struct status;

enum container_access { CONTAINER_READ, CONTAINER_LOCK };

struct container {
    struct state_dir dir;
    struct state_record record;
    struct config *config; /* as it was at create; NULL until create has come that far */
    enum state_status state;
};

#define CONTAINER_NONE ((struct container){.dir = STATE_DIR_NONE})

/* The container with this id below root. ERROR_NOT_FOUND: there is none. */
int container_open(const char *root, const char *id, enum container_access access, struct container *out,
                   struct error *err);

void container_close(struct container *container);

/* Loads the configuration that was saved at create, once. */
int container_load_config(struct container *container, struct error *err);

/* What the state document says. *out borrows from the container. Fails if create has not saved anything yet.
 */
int container_fill_state(struct container *container, struct state *out, struct error *err);

/* Connects the network, releases the guest, runs the hooks. When it fails the container has stopped, unless
 * it was not to be started. */
int container_start(struct container *container, struct error *err);

/* Sends a signal to the monitor. everything: also to whoever else is in the cgroup; then stopped is no error.
 */
int container_kill(struct container *container, int signal, bool everything, struct error *err);

/* Stops it if need be (force, or it was never started), removes all that is left of it, runs the poststop
 * hooks. */
int container_delete(struct container *container, bool force, struct error *err);

int container_pause(struct container *container, struct error *err);
int container_resume(struct container *container, struct error *err);

/* The processes of the container, by rising pid: none when it is stopped. *out_pids is the caller's to
 * free(3). */
int container_list_processes(const struct container *container, pid_t **out_pids, size_t *out_n,
                             struct error *err);

/* Changes the limits of the cgroup. A memory limit that the guest's memory does not fit into is
 * ERROR_REFUSED. */
int container_update(struct container *container, const struct config_resources *resources,
                     struct error *err);

/* What the kernel has counted for the container's cgroup. Release with cgroup_stats_release. */
int container_read_stats(const struct container *container, struct cgroup_stats *out, struct error *err);

/* The interface of the container's network namespace that the guest's first network device has taken over,
 * with its addresses. A guest without one is ERROR_REFUSED. */
int container_find_interface(const struct container *container, struct net_interface *out, struct error *err);

/* Copies the monitor's page of counters. */
int container_read_status(const struct container *container, struct status *out, struct error *err);

#endif
