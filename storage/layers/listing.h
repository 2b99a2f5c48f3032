/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one directory holds, by itself: the part of a scan that waits for the kernel, and that needs nothing
 * of the other directories, so that many can be read at once.
 */
#ifndef STORAGE_LISTING_H
#define STORAGE_LISTING_H

#include "layer.h"
#include "layer_xattr.h"

#include <sys/stat.h>

struct listing_entry {
    /* All but parent, block and link. name and target are offsets in the listing's strings, the names
     * terminated; first is an index in its segments. */
    struct layer_entry entry;
    uint64_t dev, ino;
    int64_t mtime, ctime; /* seconds */
    uint64_t mtime_ns, ctime_ns;
    bool is_linked;  /* it is no directory and has other names */
    uint32_t xattrs; /* one more than the index of its attributes in the listing's; 0: it has none */
};

struct listing {
    struct listing_entry *entries; /* in canonical order */
    size_t n, room;
    char *strings;
    size_t strings_size, strings_room;
    struct layer_segment *segments; /* their pack_block counts from the file's first */
    size_t n_segments, segments_room;
    struct xattr_set *xattrs; /* of files; whoever takes a set leaves XATTR_SET_NONE */
    size_t n_xattrs, xattrs_room;
    struct xattr_set own; /* the directory's; to be taken likewise */
    uint32_t *order;      /* of the names, while they are read */
    size_t order_room;
    uint32_t flags;         /* of the directory: enum layer_entry_flags */
    bool needs_merged_view; /* overlayfs's redirect or metacopy marks */
};

#define LISTING_NONE ((struct listing){.n = 0})

/*
 * Reads the directory dir_fd, with overlayfs's marks if is_overlay. What the listing held before is gone, and
 * its memory used again.
 */
int listing_read(struct listing *listing, int dir_fd, bool is_overlay, struct error *err);

/* Accepts LISTING_NONE. */
void listing_release(struct listing *listing);

/* Makes an entry without a name of what stat(2) says. */
void listing_describe(struct listing_entry *out, const struct stat *st);

#endif
