/* SPDX-License-Identifier: Apache-2.0 */
/* Opening paths that somebody else chose without leaving the directory they belong to (openat2(2)). */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/error.h"

#include <sys/types.h>

/*
 * Opens path as a process whose root directory is root_fd would: absolute symlinks and ".." stay inside.
 * O_CLOEXEC is added to flags; magic links are refused. The descriptor is the caller's.
 */
int path_open_in_root(int root_fd, const char *path, int flags, int *out_fd, struct error *err);

/*
 * Opens path below dirfd. No component may be a symlink and none may lead out: for trees whose every name was
 * seen as what it is a moment ago. O_CLOEXEC and O_NOFOLLOW are added to flags. The descriptor is the
 * caller's.
 */
int path_open_beneath(int dirfd, const char *path, int flags, int *out_fd, struct error *err);

/* Ensures that a directory path exists, with its parents; what is missing gets mode. */
int path_make_dirs(const char *path, mode_t mode, struct error *err);

#endif
