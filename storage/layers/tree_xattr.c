/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_xattr.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

/* include/uapi/linux/posix_acl_xattr.h. */
#define ACL_VERSION 2u

uint32_t tree_xattr_get_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void tree_xattr_put_32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

static bool is_called(const struct tree_xattr *xattr, const char *name)
{
    return xattr->name_size == strlen(name) && memcmp(xattr->name, name, xattr->name_size) == 0;
}

bool tree_xattr_is_acl(const struct tree_xattr *xattr)
{
    return is_called(xattr, "system.posix_acl_access") || is_called(xattr, "system.posix_acl_default");
}

enum acl_tag tree_xattr_acl_tag(const uint8_t *entry)
{
    unsigned int tag = entry[0] | (unsigned int)entry[1] << 8;
    return tag == ACL_USER || tag == ACL_GROUP ? (enum acl_tag)tag : ACL_NONE;
}

/* A copy of the value that can be changed. */
static uint8_t *own_value(struct tree_xattr *xattr, size_t room)
{
    xattr->own = calloc(1, room);
    if (xattr->own == NULL)
        return NULL;
    memcpy(xattr->own, xattr->value, xattr->value_size < room ? xattr->value_size : room);
    xattr->value = xattr->own;
    return xattr->own;
}

static int map_acl(const struct tree *tree, struct tree_xattr *xattr, struct error *err)
{
    if (xattr->value_size < ACL_HEADER_SIZE || (xattr->value_size - ACL_HEADER_SIZE) % ACL_ENTRY_SIZE != 0 ||
        tree_xattr_get_32(xattr->value) != ACL_VERSION)
        return error_set(err, ERROR_REFUSED, "has an access list of an unknown form");
    uint8_t *value = own_value(xattr, xattr->value_size);
    if (value == NULL)
        return error_errno(err, "has an access list");
    for (size_t at = ACL_HEADER_SIZE; at < xattr->value_size; at += ACL_ENTRY_SIZE) {
        enum acl_tag tag = tree_xattr_acl_tag(value + at);
        uint8_t *id = value + at + 4;
        if (tag != ACL_NONE)
            tree_xattr_put_32(id,
                              tree_map_id(tag == ACL_USER ? tree->uids : tree->gids, tree_xattr_get_32(id)));
    }
    return 0;
}

/* Capabilities belong to a user namespace, which is known by what its root is called (capabilities(7)). */
static int map_capability(const struct tree *tree, struct tree_xattr *xattr, bool *out_drop,
                          struct error *err)
{
    uint32_t magic = xattr->value_size < 4 ? 0 : tree_xattr_get_32(xattr->value), root = 0;
    uint32_t revision = magic & VFS_CAP_REVISION_MASK;
    size_t size = revision == VFS_CAP_REVISION_3 ? XATTR_CAPS_SZ_3 : XATTR_CAPS_SZ_2;
    if ((revision != VFS_CAP_REVISION_2 && revision != VFS_CAP_REVISION_3) || xattr->value_size != size)
        return error_set(err, ERROR_REFUSED, "has capabilities of an unknown form");
    if (revision == VFS_CAP_REVISION_3)
        root = tree_xattr_get_32(xattr->value + XATTR_CAPS_SZ_2);
    *out_drop = !tree_knows_id(tree->uids, root);
    if (*out_drop || tree->uids == NULL || tree->uids->n == 0)
        return 0;
    root = tree_map_id(tree->uids, root);
    uint8_t *value = own_value(xattr, XATTR_CAPS_SZ_3);
    if (value == NULL)
        return error_errno(err, "has capabilities");
    revision = root == 0 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3;
    tree_xattr_put_32(value, (magic & ~(uint32_t)VFS_CAP_REVISION_MASK) | revision);
    tree_xattr_put_32(value + XATTR_CAPS_SZ_2, root);
    xattr->value_size = root == 0 ? XATTR_CAPS_SZ_2 : XATTR_CAPS_SZ_3;
    return 0;
}

int tree_xattrs_init(struct tree_xattrs *xattrs, const struct tree *tree, uint32_t node, struct error *err)
{
    const struct tree_node *shown = &tree->nodes[node];
    const struct layer *layer = &tree->layers[shown->layer];
    const struct layer_xattr *first = NULL;
    uint32_t n = layer_find_xattrs(layer, (uint32_t)(shown->entry - layer->entries), &first);
    *xattrs = TREE_XATTRS_NONE;
    if (n == 0)
        return 0;
    xattrs->items = calloc(n, sizeof(*xattrs->items));
    int result = xattrs->items == NULL ? error_errno(err, "has attributes") : 0;
    for (uint32_t i = 0; i < n && result == 0; i++) {
        struct tree_xattr *xattr = &xattrs->items[xattrs->n];
        bool drop = false;
        *xattr = (struct tree_xattr){.name = layer->strings + first[i].name,
                                     .name_size = first[i].name_size,
                                     .value = (const uint8_t *)layer->strings + first[i].value,
                                     .value_size = first[i].value_size};
        if (tree_xattr_is_acl(xattr))
            result = map_acl(tree, xattr, err);
        else if (is_called(xattr, "security.capability"))
            result = map_capability(tree, xattr, &drop, err);
        /* Also what was not mapped to its end may own something. */
        xattrs->n += !drop;
    }
    if (result == 0)
        return 0;
    tree_xattrs_release(xattrs);
    return error_wrap(err, "'%.*s'", (int)shown->entry->name_size, shown->name);
}

void tree_xattrs_release(struct tree_xattrs *xattrs)
{
    for (uint32_t i = 0; i < xattrs->n; i++)
        free(xattrs->items[i].own);
    free(xattrs->items);
    *xattrs = TREE_XATTRS_NONE;
}
