/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer from its archive (image-spec, layer.md): the table that layer_scan() would give of the directory
 * that the archive was unpacked into, without unpacking it. The contents of the files go to a spool file, in
 * the order in which the archive has them.
 *
 * As engines do it: a name without a parent gets directories of root's with mode 0755; a later entry takes
 * the place of an earlier one; ".wh." before a name is a whiteout, ".wh..wh..opq" makes its directory opaque,
 * other names that begin with
 * ".wh..wh." mean nothing. Names are checked before anything else: ".." and a path that leads through what is
 * no directory are ERROR_REFUSED. A root
 * without an entry is LAYER_IMPLIED. The root, directories without an entry of their own and whiteouts have
 * LAYER_NO_TIME.
 */
#ifndef STORAGE_LAYER_ARCHIVE_H
#define STORAGE_LAYER_ARCHIVE_H

#include "base/tar_reader.h"
#include "layer.h"

/* More files than this are ERROR_REFUSED: an archive of a few bytes can have any number. */
#define LAYER_ARCHIVE_ENTRIES_MAX (1u << 22)

/* A layer whose contents are in a spool file. */
struct layer_spool {
    struct layer layer;
    uint64_t *blocks; /* of each entry: where its contents begin in the spool, in blocks */
};

#define LAYER_SPOOL_NONE ((struct layer_spool){.blocks = NULL})

/* Reads an archive to its end. Contents are written to spool_fd, each file's from a block boundary on. *out
 * is the caller's. */
int layer_archive_read(const struct tar_stream *from, int spool_fd, struct layer_spool *out,
                       struct error *err);

/* Accepts LAYER_SPOOL_NONE. */
void layer_spool_release(struct layer_spool *spool);

#endif
