/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes in a merged tree, as the container sees them. */
#ifndef STORAGE_TREE_XATTR_H
#define STORAGE_TREE_XATTR_H

#include "tree.h"

struct tree_xattr {
    const char *name; /* not terminated; the layer's */
    size_t name_size;
    const uint8_t *value;
    size_t value_size;
    uint8_t *own; /* a value that has other ids than the layer's; NULL: it is the layer's */
};

struct tree_xattrs {
    struct tree_xattr *items; /* by name */
    uint32_t n;
};

#define TREE_XATTRS_NONE ((struct tree_xattrs){.n = 0})

/*
 * Collects the attributes of a node. Ids in access lists and capabilities are what the container's id maps
 * make of them; capabilities of a user namespace whose root has no name in the container mean nothing there,
 * and are left out. ERROR_REFUSED: their form is not known.
 */
int tree_xattrs_init(struct tree_xattrs *xattrs, const struct tree *tree, uint32_t node, struct error *err);

/* Accepts TREE_XATTRS_NONE. */
void tree_xattrs_release(struct tree_xattrs *xattrs);

/* Whether a name is that of an access list; these are lists of entries of eight bytes (tag, permissions, id)
 * after a version. */
bool tree_xattr_is_acl(const struct tree_xattr *xattr);

/* Numbers in them are little-endian. */
uint32_t tree_xattr_get_32(const uint8_t *bytes);
void tree_xattr_put_32(uint8_t *bytes, uint32_t value);

#endif
