/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Overlayfs copies a directory up when something in it is made, and the copy has the attributes of
 * what it hides. So a path becomes a chain of entries: those that the tree below knows with its attributes,
 * the others as an engine makes them. The entries are few; they are looked up one by one and put into
 * canonical order at the end.
 */
#include "layer_top.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "layer_xattr.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An entry on its way into the table. */
struct part {
    const char *name; /* in the top's paths, name_size bytes */
    size_t name_size;
    const char *target;
    uint32_t parent; /* part number */
    uint32_t below;  /* the node that it hides; NO_NODE: none */
    uint32_t mode, uid, gid;
    uint32_t first, n; /* children, once in order */
};

#define NO_NODE UINT32_MAX

struct top {
    const struct tree *below;
    struct part *parts; /* part 0 is the root */
    size_t n, room;
};

static void top_release(struct top *top)
{
    free(top->parts);
}

static uint32_t find_below(const struct tree *tree, uint32_t dir, const char *name, size_t size)
{
    if (dir == NO_NODE)
        return NO_NODE;
    for (uint32_t i = 0; i < tree->nodes[dir].n; i++) {
        const struct tree_node *node = &tree->nodes[tree->nodes[dir].first + i];
        if (layer_compare_names(node->name, node->entry->name_size, name, size) == 0)
            return tree->nodes[dir].first + i;
    }
    return NO_NODE;
}

/* Steps to a child of a part, and makes it as a directory if it is not there. */
static int step(struct top *top, uint32_t parent, const char *name, size_t size, uint32_t *out,
                struct error *err)
{
    for (size_t i = 1; i < top->n; i++) {
        if (top->parts[i].parent == parent &&
            layer_compare_names(top->parts[i].name, top->parts[i].name_size, name, size) == 0) {
            *out = (uint32_t)i;
            return 0;
        }
    }
    if (array_grow(&top->parts, &top->room, top->n + 1, sizeof(*top->parts), "the topmost layer", err) != 0)
        return -1;
    struct part *part = &top->parts[top->n];
    *part = (struct part){.name = name, .name_size = size, .parent = parent, .mode = S_IFDIR | 0755};
    part->below =
        parent == 0 && top->n == 0 ? 0 : find_below(top->below, top->parts[parent].below, name, size);
    if (part->below != NO_NODE && S_ISDIR(top->below->nodes[part->below].entry->mode)) {
        const struct layer_entry *e = top->below->nodes[part->below].entry;
        part->mode = e->mode;
        part->uid = e->uid;
        part->gid = e->gid;
    }
    *out = (uint32_t)top->n++;
    return 0;
}

static bool is_below(const struct tree *tree, const char *path)
{
    uint32_t node = 0;
    for (const char *at = path; *at != '\0' && node != NO_NODE;) {
        size_t size = strcspn(at, "/");
        if (size > 0)
            node = find_below(tree, node, at, size);
        at += size + (at[size] == '/');
    }
    return node != NO_NODE;
}

static int add_entry(struct top *top, const struct image_top_entry *entry, struct error *err)
{
    uint32_t part = 0;
    if (entry->only_if_missing && is_below(top->below, entry->path))
        return 0;
    for (const char *at = entry->path; *at != '\0';) {
        size_t size = strcspn(at, "/");
        if (size > 0 && step(top, part, at, size, &part, err) != 0)
            return -1;
        at += size + (at[size] == '/');
    }
    if (part == 0 || S_ISDIR(entry->mode))
        return 0;
    top->parts[part].mode = entry->mode;
    top->parts[part].uid = top->parts[part].gid = 0;
    top->parts[part].target = entry->target;
    return 0;
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *pa = a, *pb = b;
    if (pa->parent != pb->parent)
        return pa->parent < pb->parent ? -1 : 1;
    return layer_compare_names(pa->name, pa->name_size, pb->name, pb->name_size);
}

/* Puts the parts into breadth-first order, names sorted; parents are numbered anew level by level. */
static int sort(struct top *top, struct error *err)
{
    _cleanup_free_ struct part *sorted = calloc(top->n, sizeof(*sorted));
    _cleanup_free_ uint32_t *old =
        calloc(top->n, sizeof(*old)); /* of each part in order: its number before */
    size_t n = 1;
    if (sorted == NULL || old == NULL)
        return error_errno(err, "make the topmost layer");
    sorted[0] = top->parts[0];
    for (size_t dir = 0; dir < n; dir++) {
        size_t first = n;
        for (size_t i = 1; i < top->n; i++) {
            if (top->parts[i].parent != old[dir])
                continue;
            sorted[n] = top->parts[i];
            /* Until the names are in order the number before stands in for the parent, which is the same. */
            sorted[n].first = (uint32_t)i;
            sorted[n++].parent = (uint32_t)dir;
        }
        if (n - first > 1)
            qsort(sorted + first, n - first, sizeof(*sorted), compare_parts);
        for (size_t i = first; i < n; i++)
            old[i] = sorted[i].first;
        sorted[dir].first = (uint32_t)first;
        sorted[dir].n = (uint32_t)(n - first);
    }
    memcpy(top->parts, sorted, n * sizeof(*sorted));
    return 0;
}

static void fill_entry(struct layer *layer, uint32_t number, const struct part *part)
{
    struct layer_entry *e = &layer->entries[number];
    *e = (struct layer_entry){.mtime = LAYER_NO_TIME,
                              .parent = part->parent,
                              .mode = part->mode,
                              .uid = part->uid,
                              .gid = part->gid,
                              .link = number,
                              .name = (uint32_t)layer->strings_size,
                              .name_size = (uint16_t)part->name_size};
    layer->strings_size =
        (size_t)((char *)mempcpy(layer->strings + layer->strings_size, part->name, part->name_size) -
                 layer->strings);
    if (S_ISDIR(part->mode)) {
        e->first = part->first;
        e->n = part->n;
    } else if (S_ISLNK(part->mode)) {
        e->target = (uint32_t)layer->strings_size;
        e->target_size = (uint16_t)strlen(part->target);
        memcpy(layer->strings + layer->strings_size, part->target, e->target_size);
        layer->strings_size += e->target_size;
    }
}

/* A directory that is copied up keeps its attributes; the root is the engine's own. */
static int copy_xattrs_up(const struct top *top, struct layer *layer, uint32_t number, struct error *err)
{
    const struct part *part = &top->parts[number];
    const struct layer_xattr *first = NULL;
    if (part->below == NO_NODE || !S_ISDIR(part->mode) ||
        !S_ISDIR(top->below->nodes[part->below].entry->mode))
        return 0;
    const struct tree_node *node = &top->below->nodes[part->below];
    const struct layer *from = &top->below->layers[node->layer];
    uint32_t n = layer_find_xattrs(from, (uint32_t)(node->entry - from->entries), &first);
    _cleanup_(xattr_set_release) struct xattr_set set = XATTR_SET_NONE;
    for (uint32_t i = 0; i < n; i++)
        if (xattr_set_add(&set, from->strings + first[i].name, first[i].name_size,
                          from->strings + first[i].value, first[i].value_size, err) != 0)
            return -1;
    return layer_add_xattrs(layer, number, &set, err);
}

static int make_table(const struct top *top, struct layer *out, struct error *err)
{
    struct layer layer = LAYER_NONE;
    size_t strings = 1;
    for (size_t i = 0; i < top->n; i++)
        strings +=
            top->parts[i].name_size + (top->parts[i].target != NULL ? strlen(top->parts[i].target) : 0);
    layer.entries = calloc(top->n, sizeof(*layer.entries));
    layer.strings = calloc(strings, 1);
    if (layer.entries == NULL || layer.strings == NULL) {
        layer_release(&layer);
        return error_errno(err, "make the topmost layer");
    }
    for (; layer.n_entries < top->n; layer.n_entries++)
        fill_entry(&layer, layer.n_entries, &top->parts[layer.n_entries]);
    for (uint32_t i = 1; i < layer.n_entries; i++) {
        if (copy_xattrs_up(top, &layer, i, err) != 0) {
            layer_release(&layer);
            return -1;
        }
    }
    *out = layer;
    return 0;
}

int layer_top_make(const struct tree *below, const struct image_top *top, struct layer *out,
                   struct error *err)
{
    _cleanup_(top_release) struct top work = {.below = below};
    uint32_t root;
    if (step(&work, 0, "", 0, &root, err) != 0)
        return -1;
    if (top->root_mode != 0)
        work.parts[0].mode = S_IFDIR | top->root_mode;
    if (!top->takes_owner_below)
        work.parts[0].uid = work.parts[0].gid = 0;
    for (size_t i = 0; i < top->n_entries; i++)
        if (add_entry(&work, &top->entries[i], err) != 0)
            return -1;
    return sort(&work, err) != 0 ? -1 : make_table(&work, out, err);
}
