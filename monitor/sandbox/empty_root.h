/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the process into an empty, read-only root directory. Needs CAP_SYS_ADMIN and CAP_SYS_CHROOT in the
 * user namespace that owns the mount namespace.
 */
#ifndef EMPTY_ROOT_H
#define EMPTY_ROOT_H

#include "base/error.h"

/*
 * For a mount namespace that is this process's own copy: everything in it is unmounted but one empty
 * directory.
 */
int empty_root_replace(struct error *err);

/*
 * For a mount namespace that others made and use (engines enter a container's to copy files and to list
 * processes): it stays as it is, and the process moves into an empty directory that is mounted nowhere.
 */
int empty_root_enter(struct error *err);

#endif
