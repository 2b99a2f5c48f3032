/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of a container between two commands: the directory ROOT/ID.
 *
 *   record        the fields of struct state_record, as text; always whole, as it is replaced by rename(2)
 *   config.json   the configuration as it was at create: later changes to the bundle have no effect
 *   status        the page that the monitor writes (monitor/status.h)
 *   control       the monitor's listening socket (monitor/launch.h)
 *
 * Making the directory is what claims the id. Commands that change something hold the lock, which dies with
 * its holder; readers need none. ROOT is on a tmpfs as a rule, so nothing is synced: what a crash of the host
 * leaves is recognised by the boot that wrote it, as processes are by their start time.
 */
#ifndef STATE_DIR_H
#define STATE_DIR_H

#include "state_record.h"

#include "base/error.h"

#include <stddef.h>

#define STATE_DIR_CONFIG  "config.json"
#define STATE_DIR_STATUS  "status"
#define STATE_DIR_CONTROL "control"

struct state_dir {
    int root_fd;
    int fd;
    char *id;
};

#define STATE_DIR_NONE ((struct state_dir){.root_fd = -1, .fd = -1})

/* Claims the id and locks its directory; makes root too. An id that is taken is ERROR_STATE. */
int state_dir_create(const char *root, const char *id, struct state_dir *out, struct error *err);

/* Opens the directory of an existing container without locking it; otherwise ERROR_NOT_FOUND. */
int state_dir_open(const char *root, const char *id, struct state_dir *out, struct error *err);

/* Takes the lock, and waits for it. If the container has been deleted meanwhile: ERROR_NOT_FOUND. */
int state_dir_lock(const struct state_dir *dir, struct error *err);

/* Replaces the record. Only with the lock held. */
int state_dir_save(const struct state_dir *dir, const struct state_record *record, struct error *err);

/*
 * Reads the record. A directory without one belongs to a create that has not come that far, or was killed:
 * *out_record is then empty (no bundle). A record of another version is ERROR_INPUT.
 */
int state_dir_load(const struct state_dir *dir, struct state_record *out_record, struct error *err);

/* Gives the id free: removes the files and the directory. */
int state_dir_remove(const struct state_dir *dir, struct error *err);

void state_dir_close(struct state_dir *dir);

/* The ids below root, sorted. No root is no container. *out_ids and its strings are the caller's: free(3). */
int state_dir_list(const char *root, char ***out_ids, size_t *out_n, struct error *err);

#endif
