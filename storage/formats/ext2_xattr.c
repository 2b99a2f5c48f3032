/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A header, then entries one behind the other, sorted by kind, length and name; values grow towards
 * them from the end of the block. Source: fs/ext2/xattr.h and fs/ext2/acl.h of Linux, for the layout; what
 * readers check is that entries are in order and that their hashes are right. Access lists have a shorter
 * form here than the system calls have: classes that have no id have no room for one.
 */
#include "ext2_xattr.h"

#include "base/cleanup.h"
#include "tree_xattr.h"

#include <stdlib.h>
#include <string.h>

#define XATTR_MAGIC 0xea020000u

struct xattr_header {
    uint32_t magic;
    uint32_t refcount; /* files that share the block */
    uint32_t blocks;
    uint32_t hash;
    uint32_t reserved[4];
};
_Static_assert(sizeof(struct xattr_header) == 32, "layout");

struct xattr_entry {
    uint8_t name_size;
    uint8_t index;
    uint16_t value_offset; /* in the block */
    uint32_t value_block;  /* 0: this one */
    uint32_t value_size;
    uint32_t hash;
};
_Static_assert(sizeof(struct xattr_entry) == 16, "layout");

/* Prefixes that are one byte on disk. */
static const struct {
    const char *prefix;
    uint8_t index;
    bool is_whole; /* the name, not a prefix */
} prefixes[] = {{"user.", 1, false},
                {"system.posix_acl_access", 2, true},
                {"system.posix_acl_default", 3, true},
                {"trusted.", 4, false},
                {"security.", 6, false}};

/* An attribute on its way into the block. */
struct item {
    const char *name; /* without its prefix */
    size_t name_size;
    uint8_t index;
    const uint8_t *value;
    size_t value_size;
};

static void find_prefix(const struct tree_xattr *xattr, struct item *item)
{
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i].prefix);
        if (xattr->name_size < length || memcmp(xattr->name, prefixes[i].prefix, length) != 0 ||
            (prefixes[i].is_whole && xattr->name_size != length))
            continue;
        item->index = prefixes[i].index;
        item->name = xattr->name + length;
        item->name_size = xattr->name_size - length;
    }
}

#define ACL_DISK_VERSION 1u

/* From the system calls' form to that on disk, in place: it only gets shorter. */
static void shorten_acl(struct tree_xattr *xattr)
{
    uint8_t *at = xattr->own + ACL_HEADER_SIZE;
    tree_xattr_put_32(xattr->own, ACL_DISK_VERSION);
    for (size_t i = ACL_HEADER_SIZE; i < xattr->value_size; i += ACL_ENTRY_SIZE) {
        size_t size = tree_xattr_acl_tag(xattr->own + i) != ACL_NONE ? ACL_ENTRY_SIZE : 4;
        memmove(at, xattr->own + i, size);
        at += size;
    }
    xattr->value_size = (size_t)(at - xattr->own);
}

static int compare_items(const void *a, const void *b)
{
    const struct item *ia = a, *ib = b;
    if (ia->index != ib->index)
        return ia->index < ib->index ? -1 : 1;
    if (ia->name_size != ib->name_size)
        return ia->name_size < ib->name_size ? -1 : 1;
    return memcmp(ia->name, ib->name, ia->name_size);
}

static uint32_t hash_item(const struct item *item)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < item->name_size; i++)
        hash = (hash << 5) ^ (hash >> 27) ^ (unsigned char)item->name[i];
    for (size_t i = 0; i < item->value_size; i += 4) {
        uint8_t word[4] = {0};
        memcpy(word, item->value + i, item->value_size - i < 4 ? item->value_size - i : 4);
        hash = (hash << 16) ^ (hash >> 16) ^ tree_xattr_get_32(word);
    }
    return hash;
}

static size_t round_up(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* Writes the items, which are in order. False: they do not fit. */
static bool write_items(const struct item *items, size_t n, uint8_t *block)
{
    struct xattr_header header = {.magic = XATTR_MAGIC, .refcount = 1, .blocks = 1};
    size_t at = sizeof(header), end = EXT2_BLOCK_SIZE;
    for (size_t i = 0; i < n; i++) {
        const struct item *item = &items[i];
        size_t size = sizeof(struct xattr_entry) + round_up(item->name_size);
        /* Four zeros end the entries. */
        if (at + size + 4 + round_up(item->value_size) > end)
            return false;
        end -= round_up(item->value_size);
        const struct xattr_entry entry = {.name_size = (uint8_t)item->name_size,
                                          .index = item->index,
                                          .value_offset = (uint16_t)(item->value_size > 0 ? end : 0),
                                          .value_size = (uint32_t)item->value_size,
                                          .hash = hash_item(item)};
        memcpy(block + at, &entry, sizeof(entry));
        memcpy(block + at + sizeof(entry), item->name, item->name_size);
        if (item->value_size > 0)
            memcpy(block + end, item->value, item->value_size);
        header.hash = (header.hash << 16) ^ (header.hash >> 16) ^ entry.hash;
        at += size;
    }
    memcpy(block, &header, sizeof(header));
    return true;
}

int ext2_xattr_fill(const struct tree *tree, uint32_t node, uint8_t block[EXT2_BLOCK_SIZE], bool *out_any,
                    struct error *err)
{
    _cleanup_(tree_xattrs_release) struct tree_xattrs xattrs = TREE_XATTRS_NONE;
    const struct tree_node *shown = &tree->nodes[node];
    if (tree_xattrs_init(&xattrs, tree, node, err) != 0)
        return -1;
    *out_any = xattrs.n > 0;
    if (xattrs.n == 0)
        return 0;
    _cleanup_free_ struct item *items = calloc(xattrs.n, sizeof(*items));
    if (items == NULL)
        return error_errno(err, "write attributes");
    for (uint32_t i = 0; i < xattrs.n; i++) {
        if (tree_xattr_is_acl(&xattrs.items[i]))
            shorten_acl(&xattrs.items[i]);
        items[i].value = xattrs.items[i].value;
        items[i].value_size = xattrs.items[i].value_size;
        find_prefix(&xattrs.items[i], &items[i]);
    }
    if (xattrs.n > 1)
        qsort(items, xattrs.n, sizeof(*items), compare_items);
    if (!write_items(items, xattrs.n, block))
        return error_set(err, ERROR_REFUSED, "'%.*s' has more attributes than fit into a block of %u bytes",
                         (int)shown->entry->name_size, shown->name, EXT2_BLOCK_SIZE);
    return 0;
}
