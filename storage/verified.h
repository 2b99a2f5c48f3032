/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was compared with its digests since the machine booted, so that it is done once. A mark says which
 * files were seen: one that was written to since, or replaced, is another file and is looked at again. What a
 * disk does to bits behind the file system's back shows after the next boot, or at once where the file system
 * has fs-verity.
 */
#ifndef STORAGE_VERIFIED_H
#define STORAGE_VERIFIED_H

#include "store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file as it was when it was seen. Its change time is no part of it: images link packs. */
struct verified_file {
    uint64_t ino;
    uint64_t size;
    int64_t mtime_s;
    int64_t mtime_ns;
};

/* Looks at name in dirfd; with "", at dirfd itself. False: it cannot be seen. */
bool verified_file_at(int dirfd, const char *name, struct verified_file *out);

/* Whether a key was found intact in just these files. */
bool verified_find(const struct store *store, const char *key, const struct verified_file *files, size_t n);

/* Marks a key. That the mark cannot be set only means that the next one looks again. */
void verified_add(const struct store *store, const char *key, const struct verified_file *files, size_t n);

/* Takes a mark away. */
void verified_remove(const struct store *store, const char *key);

/* Removes what earlier boots have left in the directory that holds each boot's. Failures do not matter. */
void verified_remove_others(int all_fd, const char *boot);

/* Lets the file system itself check every block of a file from here on, if it can (fs-verity). Nobody may
 * have the file open for writing. */
void verified_enable_verity(int fd);

#endif
