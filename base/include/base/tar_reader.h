/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a tar archive from a stream: ustar and what came before it, pax headers (pax(1)), and GNU tar's
 * long names and large numbers (tar(5)). The bytes may be anybody's: what is not in order is ERROR_INPUT, and
 * what this reader does not know is ERROR_REFUSED; nothing is skipped in silence but global pax headers,
 * which engines skip too.
 */
#ifndef BASE_TAR_READER_H
#define BASE_TAR_READER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest path and the longest target of a link, without their NUL. */
#define TAR_PATH_MAX 4095u

/* Where the archive comes from: reads up to size bytes; *out_n is 0 at its end only. */
struct tar_stream {
    int (*read)(void *context, void *buf, size_t size, size_t *out_n, struct error *err);
    /* Called for each extended attribute (pax's SCHILY.xattr.NAME), before tar_reader_next() tells of the
     * file that has it. NULL: not wanted. */
    int (*xattr)(void *xattr_context, const char *name, size_t name_size, const void *value,
                 size_t value_size, struct error *err);
    void *xattr_context;
    void *context;
};

struct tar_entry {
    const char *path;   /* as it stands there, not checked; the reader's, until the next entry */
    const char *target; /* of a symlink; of a hard link the path of the file; else "" */
    bool is_link;       /* a hard link: mode and the like say nothing */
    uint32_t mode;      /* with the type, as in stat(2) */
    uint32_t uid, gid;
    uint32_t major, minor;
    uint64_t size; /* bytes of a regular file's contents */
    int64_t mtime; /* seconds */
};

struct tar_reader;

/* *out is the caller's to free. */
int tar_reader_new(const struct tar_stream *stream, struct tar_reader **out, struct error *err);

/* Accepts NULL. */
void tar_reader_free(struct tar_reader *reader);

/* Steps to the next entry, over what is left of the last one's contents. *out_end: there is none, and the
 * stream was read to its end. */
int tar_reader_next(struct tar_reader *reader, struct tar_entry *out, bool *out_end, struct error *err);

/* Reads the next size bytes of the entry's contents; there must be as many. */
int tar_reader_read(struct tar_reader *reader, void *buf, size_t size, struct error *err);

#endif
