/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of archives are told about one file. */
#ifndef STORAGE_ARCHIVE_ENTRY_H
#define STORAGE_ARCHIVE_ENTRY_H

#include "archive_sink.h"
#include "tree_xattr.h"

struct archive_entry {
    const char *path;   /* relative, without "/" at the end */
    const char *target; /* of a symlink; else "" */
    uint32_t mode;
    uint32_t uid, gid;
    uint32_t major, minor;
    uint64_t size; /* bytes that follow the header */
    int64_t mtime;
    uint32_t number;                  /* of the entry, from 1 */
    const struct tree_xattrs *xattrs; /* NULL: none; only tar has room for them */
};

/* The header of an entry: the POSIX ustar format, with a pax header where a value does not fit (pax(1)). A
 * directory's name gets a "/". The contents follow, padded to 512. */
int archive_tar_header(struct archive_sink *sink, const struct archive_entry *entry, struct error *err);

/* The end of the archive. */
int archive_tar_end(struct archive_sink *sink, struct error *err);

/* The header of an entry in the "newc" format (cpio(5)). The contents follow, padded to 4. */
int archive_cpio_header(struct archive_sink *sink, const struct archive_entry *entry, struct error *err);

int archive_cpio_end(struct archive_sink *sink, struct error *err);

#endif
