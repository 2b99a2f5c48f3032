/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that appear under their name whole and durable, or not at all.
 *
 *     atomic_file_begin(&file, dirfd, 0644, &err)        an unnamed file (O_TMPFILE), or a hidden one
 *     write to file.fd
 *     atomic_file_commit(&file, "name", mode, &err)      fdatasync, name it, fsync the directory
 *     atomic_file_release(&file)                         drops what was not committed
 *
 * Where the file system knows no unnamed files, a name that starts with ATOMIC_FILE_PREFIX is used; a process
 * that dies leaves it behind, and whoever owns the directory removes such files.
 */
#ifndef BASE_ATOMIC_FILE_H
#define BASE_ATOMIC_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ATOMIC_FILE_PREFIX    ".tmp-"
#define ATOMIC_FILE_NAME_SIZE 32

enum atomic_file_mode {
    ATOMIC_FILE_KEEP,   /* if the name is taken, what stands there stays, and this file is dropped */
    ATOMIC_FILE_REPLACE /* what stands there is replaced in one step */
};

struct atomic_file {
    int fd;    /* open for reading and writing; stays valid after the commit, until release */
    int dirfd; /* the caller's */
    char name[ATOMIC_FILE_NAME_SIZE]; /* the hidden name, or "" */
};

#define ATOMIC_FILE_NONE ((struct atomic_file){.fd = -1, .dirfd = -1})

/* Starts a file that will stand in dirfd, which must stay open until the release. */
int atomic_file_begin(struct atomic_file *file, int dirfd, mode_t mode, struct error *err);

/* Makes the contents durable and gives them their name. *out_existed (may be NULL) tells, with
 * ATOMIC_FILE_KEEP, that the name was taken. */
int atomic_file_commit(struct atomic_file *file, const char *name, enum atomic_file_mode mode,
                       bool *out_existed, struct error *err);

/* Closes the file, and removes it unless it was committed. Accepts ATOMIC_FILE_NONE. */
void atomic_file_release(struct atomic_file *file);

/* The whole life for contents that are in memory. */
int atomic_file_write(int dirfd, const char *name, const void *data, size_t size, mode_t mode,
                      struct error *err);

#endif
