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

/* Whether a name is that of an access list; these are lists of entries (tag, permissions, id) after a
 * version. */
bool tree_xattr_is_acl(const struct tree_xattr *xattr);

/* Bytes of the version, and of an entry. */
#define ACL_HEADER_SIZE 4u
#define ACL_ENTRY_SIZE  8u

/* Tags of entries that have an id (include/uapi/linux/posix_acl.h). */
enum acl_tag { ACL_NONE = 0, ACL_USER = 2, ACL_GROUP = 8 };

/* What the id of an entry is of; ACL_NONE: it means nothing. */
enum acl_tag tree_xattr_acl_tag(const uint8_t *entry);

/* Numbers in them are little-endian. */
uint32_t tree_xattr_get_32(const uint8_t *bytes);
void tree_xattr_put_32(uint8_t *bytes, uint32_t value);

#endif
