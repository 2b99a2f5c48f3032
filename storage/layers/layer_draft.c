/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Names are nodes under their parents, found by a hash table of parent and name. A node has a file,
 * which has the attributes; hard links are nodes with the same file. A node that is replaced keeps its place
 * in the list, so that what stands below it is no longer reached, and the name gets a new node. At the end
 * the nodes that are reached from the root are counted into directories, sorted, and numbered breadth first:
 * the canonical order.
 */
#include "layer_draft.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "layer_archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define STRINGS_MAX (1u << 29)
#define FILES_MAX   (2 * LAYER_ARCHIVE_ENTRIES_MAX) /* with those that a later entry replaces */

int layer_draft_add_string(struct layer_draft *d, const char *text, size_t size, uint32_t *out,
                           struct error *err)
{
    if (d->strings_size + size > STRINGS_MAX)
        return error_set(err, ERROR_REFUSED, "the archive's names have more than %u bytes", STRINGS_MAX);
    if (array_grow(&d->strings, &d->strings_room, d->strings_size + size + 1, 1, "an archive", err) != 0)
        return -1;
    memcpy(d->strings + d->strings_size, text, size);
    *out = (uint32_t)d->strings_size;
    d->strings_size += size;
    return 0;
}

/* The seed is not known to who made the archive, so that no archive has all its names in one bucket. */
static uint64_t hash(const struct layer_draft *d, uint32_t parent, const char *name, size_t size)
{
    uint64_t h = d->seed ^ parent;
    for (size_t i = 0; i < size; i++) {
        h = (h ^ (unsigned char)name[i]) * 0x9fb21c651e98df25ull;
        h ^= h >> 32;
    }
    return h;
}

bool layer_draft_is_whiteout(const struct draft_file *file)
{
    return (file->flags & LAYER_WHITEOUT) != 0;
}

uint32_t layer_draft_find(const struct layer_draft *d, uint32_t parent, const char *name, size_t size)
{
    uint32_t i = d->buckets[hash(d, parent, name, size) & (d->n_buckets - 1)];
    for (; i != LAYER_DRAFT_NO_NODE; i = d->nodes[i].next) {
        const struct draft_node *node = &d->nodes[i];
        if (node->parent == parent && node->name_size == size && !node->is_replaced &&
            memcmp(d->strings + node->name, name, size) == 0)
            return i;
    }
    return LAYER_DRAFT_NO_NODE;
}

static void hang_in(struct layer_draft *d, uint32_t number)
{
    struct draft_node *node = &d->nodes[number];
    uint32_t *bucket =
        &d->buckets[hash(d, node->parent, d->strings + node->name, node->name_size) & (d->n_buckets - 1)];
    node->next = *bucket;
    *bucket = number;
}

static int grow_buckets(struct layer_draft *d, struct error *err)
{
    size_t n = d->n_buckets == 0 ? 1024 : 2 * d->n_buckets;
    uint32_t *grown = reallocarray(d->buckets, n, sizeof(*grown));
    if (grown == NULL)
        return error_errno(err, "read an archive");
    d->buckets = grown;
    d->n_buckets = n;
    memset(grown, 0xff, n * sizeof(*grown));
    for (uint32_t i = 1; i < d->n_nodes; i++)
        hang_in(d, i);
    return 0;
}

int layer_draft_add_node(struct layer_draft *d, uint32_t parent, const char *name, size_t size, uint32_t *out,
                         struct error *err)
{
    if (d->n_nodes == LAYER_ARCHIVE_ENTRIES_MAX)
        return error_set(err, ERROR_REFUSED, "the archive has more than %u files", LAYER_ARCHIVE_ENTRIES_MAX);
    if (array_grow(&d->nodes, &d->nodes_room, d->n_nodes + 1, sizeof(*d->nodes), "an archive", err) != 0)
        return -1;
    struct draft_node node = {.parent = parent, .name_size = (uint16_t)size};
    if (layer_draft_add_string(d, name, size, &node.name, err) != 0)
        return -1;
    uint32_t number = (uint32_t)d->n_nodes++;
    d->nodes[number] = node;
    if (d->n_nodes > d->n_buckets) {
        if (grow_buckets(d, err) != 0)
            return -1;
    } else {
        hang_in(d, number);
    }
    *out = number;
    return 0;
}

int layer_draft_add_file(struct layer_draft *d, const struct draft_file *file, uint32_t *out,
                         struct error *err)
{
    if (d->n_files == FILES_MAX)
        return error_set(err, ERROR_REFUSED, "the archive has more than %u entries", FILES_MAX);
    if (array_grow(&d->files, &d->files_room, d->n_files + 1, sizeof(*d->files), "an archive", err) != 0)
        return -1;
    *out = (uint32_t)d->n_files;
    d->files[d->n_files++] = *file;
    return 0;
}

int layer_draft_init(struct layer_draft *d, struct error *err)
{
    if (getrandom(&d->seed, sizeof(d->seed), 0) != sizeof(d->seed))
        return error_errno(err, "read an archive");
    return grow_buckets(d, err);
}

void layer_draft_release(struct layer_draft *d)
{
    for (size_t i = 0; i < d->n_files; i++)
        xattr_set_release(&d->files[i].xattrs);
    free(d->nodes);
    free(d->files);
    free(d->strings);
    free(d->buckets);
}

/* Nodes on their way into the table. */
struct order {
    const struct layer_draft *d;
    uint32_t *first; /* of each node: where its children begin in children; one more: the end */
    uint32_t *children;
    uint32_t *nodes;   /* of each entry */
    uint32_t *entries; /* of each file: the first entry that is it, plus one; 0: none yet */
};

static void order_release(struct order *order)
{
    free(order->first);
    free(order->children);
    free(order->nodes);
    free(order->entries);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
    const struct layer_draft *d = context;
    const struct draft_node *na = &d->nodes[*(const uint32_t *)a], *nb = &d->nodes[*(const uint32_t *)b];
    return layer_compare_names(d->strings + na->name, na->name_size, d->strings + nb->name, nb->name_size);
}

/* Collects each node's children, sorted; those of nodes that were replaced too, which nobody will ask for. */
static int collect_children(struct order *order, struct error *err)
{
    const struct layer_draft *d = order->d;
    order->first = calloc(d->n_nodes + 2, sizeof(uint32_t));
    order->children = calloc(d->n_nodes, sizeof(uint32_t));
    order->nodes = calloc(d->n_nodes, sizeof(uint32_t));
    order->entries = calloc(d->n_files, sizeof(uint32_t));
    if (order->first == NULL || order->children == NULL || order->nodes == NULL || order->entries == NULL)
        return error_errno(err, "read an archive");
    /* Counted two places up, they become ends one place up, and starts as they are filled in. */
    for (uint32_t i = 1; i < d->n_nodes; i++)
        order->first[d->nodes[i].parent + 2] += !d->nodes[i].is_replaced;
    for (uint32_t i = 1; i <= d->n_nodes; i++)
        order->first[i + 1] += order->first[i];
    for (uint32_t i = 1; i < d->n_nodes; i++)
        if (!d->nodes[i].is_replaced)
            order->children[order->first[d->nodes[i].parent + 1]++] = i;
    for (uint32_t i = 0; i < d->n_nodes; i++) {
        uint32_t n = order->first[i + 1] - order->first[i];
        if (n > 1)
            qsort_r(order->children + order->first[i], n, sizeof(uint32_t), compare_nodes,
                    (void *)(uintptr_t)d);
    }
    return 0;
}

/* Numbers the nodes that are reached from the root. */
static uint32_t number_nodes(struct order *order)
{
    uint32_t n = 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t node = order->nodes[i];
        for (uint32_t k = order->first[node]; k < order->first[node + 1]; k++)
            order->nodes[n++] = order->children[k];
    }
    return n;
}

static size_t measure_strings(const struct order *order, uint32_t n)
{
    const struct layer_draft *d = order->d;
    size_t size = 1;
    for (uint32_t i = 0; i < n; i++) {
        const struct draft_node *node = &d->nodes[order->nodes[i]];
        size += node->name_size + (size_t)d->files[node->file].target_size;
    }
    return size;
}

static uint32_t copy_string(struct layer *layer, const char *text, size_t size)
{
    uint32_t offset = (uint32_t)layer->strings_size;
    memcpy(layer->strings + layer->strings_size, text, size);
    layer->strings_size += size;
    return offset;
}

/* Fills in entry i and places its contents. */
static void fill_entry(struct order *order, struct layer *layer, uint64_t *blocks, uint32_t i)
{
    const struct layer_draft *d = order->d;
    const struct draft_node *node = &d->nodes[order->nodes[i]];
    const struct draft_file *file = &d->files[node->file];
    uint32_t *first_entry = &order->entries[node->file];
    struct layer_entry *e = &layer->entries[i];
    if (*first_entry == 0)
        *first_entry = i + 1;
    *e = (struct layer_entry){.size = file->size,
                              .mtime = file->mtime,
                              .parent = e->parent,
                              .mode = file->mode,
                              .uid = file->uid,
                              .gid = file->gid,
                              .major = file->major,
                              .minor = file->minor,
                              .link = layer_draft_is_whiteout(file) ? i : *first_entry - 1,
                              .name_size = node->name_size,
                              .flags = file->flags};
    e->name = i == 0 ? 0 : copy_string(layer, d->strings + node->name, node->name_size);
    if (S_ISLNK(file->mode)) {
        e->target = copy_string(layer, d->strings + file->target, file->target_size);
        e->target_size = file->target_size;
    }
    if (S_ISREG(file->mode) && e->link == i) {
        e->block = layer->n_blocks;
        blocks[i] = file->block;
        layer->n_blocks += layer_entry_blocks(layer, i);
    }
}

int layer_draft_make_table(const struct layer_draft *d, struct layer *layer, uint64_t **out_blocks,
                           struct error *err)
{
    _cleanup_(order_release) struct order order = {.d = d};
    if (collect_children(&order, err) != 0)
        return -1;
    uint32_t n = number_nodes(&order), next = 1;
    layer->entries = calloc(n, sizeof(*layer->entries));
    layer->strings = calloc(measure_strings(&order, n), 1);
    *out_blocks = calloc(n, sizeof(**out_blocks));
    if (layer->entries == NULL || layer->strings == NULL || *out_blocks == NULL)
        return error_errno(err, "read an archive");
    layer->n_entries = n;
    for (uint32_t i = 0; i < n; i++) {
        fill_entry(&order, layer, *out_blocks, i);
        struct layer_entry *e = &layer->entries[i];
        if (!S_ISDIR(e->mode))
            continue;
        e->first = next;
        e->n = order.first[order.nodes[i] + 1] - order.first[order.nodes[i]];
        for (uint32_t k = 0; k < e->n; k++)
            layer->entries[next++].parent = i;
    }
    for (uint32_t i = 0; i < n; i++)
        if (layer->entries[i].link == i &&
            layer_add_xattrs(layer, i, &d->files[d->nodes[order.nodes[i]].file].xattrs, err) != 0)
            return -1;
    return 0;
}
