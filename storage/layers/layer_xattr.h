/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a layer's files: which are carried, and how they are read off a directory's. */
#ifndef STORAGE_LAYER_XATTR_H
#define STORAGE_LAYER_XATTR_H

#include "layer.h"

#include <sys/types.h>

/* The largest value that is carried: Linux has no larger ones (xattr(7)). */
#define LAYER_XATTR_VALUE_MAX 65536u

/*
 * Whether an attribute belongs to a file wherever it is: those of users, capabilities, access lists, and the
 * trusted ones. Overlayfs's own marks are none, nor is what a host's security modules keep.
 */
bool layer_xattr_is_carried(const char *name, size_t size);

/* The attributes of one file; sorted by their names once they are all there. */
struct xattr_set {
    struct xattr {
        uint32_t name, value; /* offsets in bytes */
        uint32_t value_size;
        uint16_t name_size;
    } * items;
    size_t n, room;
    char *bytes;
    size_t bytes_size, bytes_room;
    size_t names_size; /* of the names, each with a NUL: what listxattr(2) returns */
};

#define XATTR_SET_NONE ((struct xattr_set){.n = 0})

/* Accepts XATTR_SET_NONE. */
void xattr_set_release(struct xattr_set *set);

/* Forgets the attributes, and keeps the room. */
void xattr_set_clear(struct xattr_set *set);

/* Adds one, if it is carried; in the place of one of the same name. ERROR_REFUSED: more than Linux lets a
 * file have. */
int xattr_set_add(struct xattr_set *set, const char *name, size_t name_size, const void *value,
                  size_t value_size, struct error *err);

/* Adds those of another set. */
int xattr_set_merge(struct xattr_set *set, const struct xattr_set *from, struct error *err);

/* Reads those of a file that are carried; *out_any says whether it has any, carried or not. Follows no
 * symlink; dirfd with "" is the directory itself. A file system without attributes has none. */
int xattr_set_read(struct xattr_set *set, int dirfd, const char *name, bool *out_any, struct error *err);

/* Appends a set to a layer's table, for the last of its entries that has any. */
int layer_add_xattrs(struct layer *layer, uint32_t entry, const struct xattr_set *set, struct error *err);

#endif
