/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks between processes: a lock file in a directory, locked as an open file description (F_OFD_SETLK,
 * fcntl(2)). The lock ends with the last copy of its descriptor, however its holders end.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/error.h"

#include <stdbool.h>

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

/*
 * Locks the file name in dirfd, which is made when it is not there. The descriptor is the caller's; closing
 * it unlocks. When somebody else holds the lock: waits, or, without wait, succeeds with *out_fd = -1.
 */
int lock_acquire(int dirfd, const char *name, enum lock_mode mode, bool wait, int *out_fd, struct error *err);

/* Removes the lock file of an exclusive lock that is held, and lets go. Whoever waits for it gets a new one.
 */
void lock_remove(int dirfd, const char *name, int *fd);

#endif
