/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"

#include "base/cleanup.h"
#include "layer_xattr.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* How a table starts on disk; entries, segments, attributes and strings follow. */
struct table_header {
    uint32_t n_entries;
    uint32_t n_segments;
    uint32_t n_xattrs;
    uint32_t pad; /* 0 */
    uint64_t strings_size;
    uint64_t n_blocks;
};

int layer_compare_names(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

uint64_t layer_entry_blocks(const struct layer *layer, uint32_t entry)
{
    const struct layer_entry *e = &layer->entries[entry];
    uint64_t n = 0;

    if (!S_ISREG(e->mode) || e->link != entry)
        return 0;
    if ((e->flags & LAYER_SPARSE) == 0)
        return e->size / LAYER_BLOCK_SIZE + (e->size % LAYER_BLOCK_SIZE != 0);
    for (uint32_t i = 0; i < e->n; i++)
        n += layer->segments[e->first + i].n_blocks;
    return n;
}

/* The first attribute of an entry, or of one behind it. */
static uint32_t find_first_xattr(const struct layer *layer, uint32_t entry)
{
    uint32_t low = 0, high = layer->n_xattrs;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (layer->xattrs[middle].entry < entry)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t layer_find_xattrs(const struct layer *layer, uint32_t entry, const struct layer_xattr **out)
{
    if (layer->n_xattrs == 0)
        return 0;
    uint32_t file = layer->entries[entry].link, first = find_first_xattr(layer, file);
    *out = &layer->xattrs[first];
    return find_first_xattr(layer, file + 1) - first;
}

void layer_xattrs_digest(const struct layer *layer, struct digest *digest)
{
    for (uint32_t i = 0; i < layer->n_xattrs; i++) {
        const struct layer_xattr *x = &layer->xattrs[i];
        const uint64_t entry = x->entry;
        digest_add(digest, &entry, sizeof(entry));
        digest_add_field(digest, layer->strings + x->name, x->name_size);
        digest_add_field(digest, layer->strings + x->value, x->value_size);
    }
}

void layer_entry_digest(const struct layer *layer, uint32_t entry, struct digest *digest)
{
    const struct layer_entry *e = &layer->entries[entry];
    const uint64_t fields[] = {e->parent, e->mode, e->uid,  e->gid,  e->major,
                               e->minor,  e->size, e->link, e->flags};
    digest_add(digest, fields, sizeof(fields));
    digest_add_field(digest, layer->strings + e->name, e->name_size);
    if (S_ISLNK(e->mode))
        digest_add_field(digest, layer->strings + e->target, e->target_size);
}

int layer_encode(const struct layer *layer, void **out_data, size_t *out_size, struct error *err)
{
    struct table_header header = {.n_entries = layer->n_entries,
                                  .n_segments = layer->n_segments,
                                  .n_xattrs = layer->n_xattrs,
                                  .strings_size = layer->strings_size,
                                  .n_blocks = layer->n_blocks};
    size_t entries_size = layer->n_entries * sizeof(layer->entries[0]);
    size_t segments_size = layer->n_segments * sizeof(layer->segments[0]);
    size_t xattrs_size = layer->n_xattrs * sizeof(layer->xattrs[0]);
    size_t size = sizeof(header) + entries_size + segments_size + xattrs_size + layer->strings_size;
    char *data = malloc(size);
    if (data == NULL)
        return error_errno(err, "encode a layer's index");

    char *at = mempcpy(data, &header, sizeof(header));
    at = mempcpy(at, layer->entries, entries_size);
    if (segments_size > 0)
        at = mempcpy(at, layer->segments, segments_size);
    if (xattrs_size > 0)
        at = mempcpy(at, layer->xattrs, xattrs_size);
    if (layer->strings_size > 0)
        memcpy(at, layer->strings, layer->strings_size);
    *out_data = data;
    *out_size = size;
    return 0;
}

static bool is_inside(uint64_t first, uint64_t n, uint64_t size)
{
    return n <= size && first <= size - n;
}

static const char *check_name(const struct layer *layer, const struct layer_entry *e, bool is_root)
{
    const char *name = layer->strings + e->name;
    if (!is_inside(e->name, e->name_size, layer->strings_size))
        return "has a name outside the strings";
    if (is_root)
        return NULL;
    if (e->name_size == 0 || e->name_size > 255 || memchr(name, '/', e->name_size) != NULL ||
        memchr(name, '\0', e->name_size) != NULL ||
        (e->name_size <= 2 && memcmp(name, "..", e->name_size) == 0))
        return "has a name that no file can have";
    return NULL;
}

static const char *check_segments(const struct layer *layer, const struct layer_entry *e)
{
    uint64_t end = 0, file_blocks = e->size / LAYER_BLOCK_SIZE + (e->size % LAYER_BLOCK_SIZE != 0);
    if (!is_inside(e->first, e->n, layer->n_segments))
        return "has segments that are not there";
    for (uint32_t i = 0; i < e->n; i++) {
        const struct layer_segment *s = &layer->segments[e->first + i];
        if (s->n_blocks == 0 || s->file_block < end || !is_inside(s->file_block, s->n_blocks, file_blocks) ||
            !is_inside(s->pack_block, s->n_blocks, layer->n_blocks))
            return "has segments outside the file or the pack";
        end = s->file_block + s->n_blocks;
    }
    return NULL;
}

/* What is wrong with entry i, or NULL. *next_child is where the children of the next directory must start. */
static const char *check_entry(const struct layer *layer, uint32_t i, uint32_t *next_child)
{
    const struct layer_entry *e = &layer->entries[i];
    const char *wrong = check_name(layer, e, i == 0);
    if (wrong != NULL)
        return wrong;
    if (i == 0 ? e->parent != 0 || !S_ISDIR(e->mode) : e->parent >= i)
        return "does not follow its directory";
    if (e->link > i || (e->link != i && layer->entries[e->link].link != e->link))
        return "is linked to what is not before it";
    if ((layer->entries[e->link].mode & S_IFMT) != (e->mode & S_IFMT))
        return "is linked to a file of another type";

    if (S_ISDIR(e->mode) && (e->flags & LAYER_WHITEOUT) != 0)
        return "is a directory and hides it";
    if (S_ISDIR(e->mode)) {
        if (e->first != *next_child || e->link != i || !is_inside(e->first, e->n, layer->n_entries))
            return "has children out of order";
        *next_child += e->n;
    } else if (S_ISLNK(e->mode)) {
        if (e->target_size != layer->entries[e->link].target_size)
            return "is linked to a symlink with another target";
        if (e->target_size == 0 || !is_inside(e->target, e->target_size, layer->strings_size))
            return "has a target outside the strings";
    } else if (S_ISREG(e->mode)) {
        if (e->size > INT64_MAX)
            return "is too large";
        if ((e->flags & LAYER_SPARSE) != 0)
            return check_segments(layer, e);
        if (!is_inside(e->block, layer_entry_blocks(layer, i), layer->n_blocks))
            return "has contents outside the pack";
    }
    return NULL;
}

/* Every entry but the root is a child of its parent, and in no other place. */
static const char *check_child(const struct layer *layer, uint32_t i)
{
    const struct layer_entry *e = &layer->entries[i], *parent = &layer->entries[e->parent];
    if (!S_ISDIR(parent->mode) || i < parent->first || i - parent->first >= parent->n)
        return "is not among its directory's children";
    if (i > parent->first && layer_compare_names(layer->strings + (e - 1)->name, (e - 1)->name_size,
                                                 layer->strings + e->name, e->name_size) >= 0)
        return "is not behind the one before it by its name";
    return NULL;
}

static const char *check_xattr(const struct layer *layer, uint32_t i)
{
    const struct layer_xattr *x = &layer->xattrs[i], *before = i > 0 ? x - 1 : NULL;
    if (x->entry >= layer->n_entries || layer->entries[x->entry].link != x->entry ||
        (layer->entries[x->entry].flags & LAYER_WHITEOUT) != 0)
        return "belongs to no file";
    if (x->pad != 0 || !is_inside(x->name, x->name_size, layer->strings_size) ||
        !is_inside(x->value, x->value_size, layer->strings_size) || x->value_size > LAYER_XATTR_VALUE_MAX)
        return "is outside the strings";
    if (!layer_xattr_is_carried(layer->strings + x->name, x->name_size))
        return "has a name that is not carried";
    if (before != NULL &&
        (x->entry < before->entry ||
         (x->entry == before->entry && layer_compare_names(layer->strings + before->name, before->name_size,
                                                           layer->strings + x->name, x->name_size) >= 0)))
        return "is not behind the one before it";
    return NULL;
}

static int check_layer(const struct layer *layer, struct error *err)
{
    uint32_t next_child = 1;
    for (uint32_t i = 0; i < layer->n_entries; i++) {
        const char *wrong = check_entry(layer, i, &next_child);
        if (wrong == NULL && i > 0)
            wrong = check_child(layer, i);
        if (wrong != NULL)
            return error_set(err, ERROR_INPUT, "entry %u %s", i, wrong);
    }
    for (uint32_t i = 0; i < layer->n_xattrs; i++) {
        const char *wrong = check_xattr(layer, i);
        if (wrong != NULL)
            return error_set(err, ERROR_INPUT, "attribute %u %s", i, wrong);
    }
    if (next_child != layer->n_entries)
        return error_set(err, ERROR_INPUT, "%u of %u entries are in no directory",
                         layer->n_entries - next_child, layer->n_entries);
    return 0;
}

/* A copy of n bytes; not NULL for n = 0. */
static void *duplicate(const void *data, size_t n)
{
    void *copy = malloc(n + 1);
    if (copy != NULL && n > 0)
        memcpy(copy, data, n);
    return copy;
}

int layer_decode(const void *data, size_t size, struct layer *out, struct error *err)
{
    _cleanup_(layer_release) struct layer layer = LAYER_NONE;
    struct table_header header;
    if (size < sizeof(header))
        return error_set(err, ERROR_INPUT, "the layer's index ends after %zu bytes", size);
    memcpy(&header, data, sizeof(header));

    uint64_t entries_size = (uint64_t)header.n_entries * sizeof(struct layer_entry);
    uint64_t segments_size = (uint64_t)header.n_segments * sizeof(struct layer_segment);
    uint64_t xattrs_size = (uint64_t)header.n_xattrs * sizeof(struct layer_xattr);
    if (header.n_entries == 0 || header.strings_size > UINT32_MAX ||
        header.n_blocks > INT64_MAX / LAYER_BLOCK_SIZE || header.pad != 0 ||
        size - sizeof(header) != entries_size + segments_size + xattrs_size + header.strings_size)
        return error_set(err, ERROR_INPUT, "the layer's index of %zu bytes does not fit its header", size);

    const char *at = (const char *)data + sizeof(header);
    layer.n_entries = header.n_entries;
    layer.n_segments = header.n_segments;
    layer.strings_size = (size_t)header.strings_size;
    layer.n_blocks = header.n_blocks;
    layer.entries = duplicate(at, (size_t)entries_size);
    layer.segments = duplicate(at + entries_size, (size_t)segments_size);
    layer.n_xattrs = header.n_xattrs;
    layer.xattrs = duplicate(at + entries_size + segments_size, (size_t)xattrs_size);
    layer.strings = duplicate(at + entries_size + segments_size + xattrs_size, layer.strings_size);
    if (layer.entries == NULL || layer.segments == NULL || layer.xattrs == NULL || layer.strings == NULL)
        return error_errno(err, "read a layer's index");
    if (check_layer(&layer, err) != 0)
        return error_wrap(err, "the layer's index is damaged");

    *out = layer;
    layer = LAYER_NONE;
    return 0;
}

void layer_release(struct layer *layer)
{
    free(layer->entries);
    free(layer->segments);
    free(layer->xattrs);
    free(layer->strings);
    *layer = LAYER_NONE;
}
