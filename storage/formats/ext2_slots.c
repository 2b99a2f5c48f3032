/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Entries that stand alone are counted as ext2_emit.c will write them. A directory that layers below
 * may have part in gets a second slot, for the merged directory: layers are compared by names alone, without
 * regard to what hides what, and the slot is large enough for the entries of all these directories together.
 * So it can come out larger than needed, but it never depends on a layer above. What is left over is free
 * space without an extent: it costs nothing.
 *
 * Leaving entries out never makes a directory longer: its blocks are filled in order, and a fill that is
 * behind another stays behind it when both take the same entry.
 */
#include "ext2_slots.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "ext2_format.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A block of a directory is closed when an entry does not fit: then this much of it is taken. */
#define DIR_BLOCK_FILL (EXT2_BLOCK_SIZE - ext2_dirent_size(255) + 4)

/* A directory of a layer that has the same path as others. */
struct part {
    uint32_t layer;
    uint32_t entry;
};

/* The walk through directories that several layers have. */
struct walk {
    struct ext2_slots *slots;
    const struct layer *layers;
    struct part *queue; /* groups of the same path, uppermost last */
    uint32_t *sizes;    /* of each group */
    size_t n_parts, parts_room, n_groups, groups_room;
    struct part *children;
    size_t children_room;
};

static void walk_release(struct walk *walk)
{
    free(walk->queue);
    free(walk->sizes);
    free(walk->children);
}

const struct layer_segment *ext2_slots_segment(const struct layer *layer, const struct layer_entry *e,
                                               uint64_t file_block)
{
    uint32_t low = e->first, high = e->first + e->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct layer_segment *s = &layer->segments[middle];
        if (s->file_block + s->n_blocks > file_block)
            high = middle;
        else
            low = middle + 1;
    }
    return low < e->first + e->n ? &layer->segments[low] : NULL;
}

bool ext2_slots_has_data(const struct layer *layer, const struct layer_entry *e, uint64_t from, uint64_t to)
{
    if ((e->flags & LAYER_SPARSE) == 0)
        return from < e->size / EXT2_BLOCK_SIZE + (e->size % EXT2_BLOCK_SIZE != 0);
    const struct layer_segment *s = ext2_slots_segment(layer, e, from);
    return s != NULL && s->file_block < to;
}

/* How many indirect blocks of one level, and below it, cover blocks [from, from + 1024^level): of a directory
 * of n_dir blocks, or of a file, with n_dir 0. */
static uint64_t count_indirect(const struct layer *layer, const struct layer_entry *e, uint64_t n_dir,
                               uint64_t from, unsigned int level)
{
    uint64_t span = 1;
    for (unsigned int i = 0; i < level; i++)
        span *= EXT2_POINTERS;
    if (n_dir > 0 ? from >= n_dir : !ext2_slots_has_data(layer, e, from, from + span))
        return 0;
    uint64_t n = 1;
    for (uint64_t i = 0; level > 1 && i < EXT2_POINTERS; i++)
        n += count_indirect(layer, e, n_dir, from + i * (span / EXT2_POINTERS), level - 1);
    return n;
}

static uint64_t count_all_indirect(const struct layer *layer, const struct layer_entry *e, uint64_t n_dir)
{
    uint64_t from = EXT2_DIRECT, span = EXT2_POINTERS, n = 0;
    for (unsigned int level = 1; level <= 3; level++, from += span, span *= EXT2_POINTERS)
        n += count_indirect(layer, e, n_dir, from, level);
    return n;
}

static uint64_t with_indirect(uint64_t n_dir)
{
    return n_dir + (n_dir > EXT2_DIRECT ? count_all_indirect(NULL, NULL, n_dir) : 0);
}

static uint64_t count_dir_blocks(const struct layer *layer, const struct layer_entry *dir)
{
    uint64_t n = 1;
    uint32_t used = ext2_dirent_size(1) + ext2_dirent_size(2);
    for (uint32_t i = 0; i < dir->n; i++) {
        uint32_t size = ext2_dirent_size(layer->entries[dir->first + i].name_size);
        if (used + size > EXT2_BLOCK_SIZE) {
            n++;
            used = 0;
        }
        used += size;
    }
    return n;
}

static uint64_t count_own(const struct layer *layer, uint32_t entry)
{
    const struct layer_entry *e = &layer->entries[entry];
    if (S_ISDIR(e->mode))
        return with_indirect(count_dir_blocks(layer, e));
    if (S_ISLNK(e->mode))
        return e->link == entry && e->target_size >= EXT2_FAST_SYMLINK;
    if (S_ISREG(e->mode) && e->link == entry && e->size > EXT2_DIRECT * EXT2_BLOCK_SIZE)
        return count_all_indirect(layer, e, 0);
    return 0;
}

static int add_slot(struct ext2_slots *slots, uint32_t *slot, uint64_t n, struct error *err)
{
    if (slots->n_blocks + n >= EXT2_NO_SLOT)
        return error_set(err, ERROR_REFUSED, "the tree's directories are too many for ext2");
    *slot = (uint32_t)slots->n_blocks;
    slots->n_blocks += n;
    return 0;
}

static const struct layer_entry *entry_of(const struct walk *walk, struct part part)
{
    return &walk->layers[part.layer].entries[part.entry];
}

static int compare_children(const void *a, const void *b, void *context)
{
    const struct walk *walk = context;
    struct part pa = *(const struct part *)a, pb = *(const struct part *)b;
    const struct layer_entry *ea = entry_of(walk, pa), *eb = entry_of(walk, pb);
    size_t size = ea->name_size < eb->name_size ? ea->name_size : eb->name_size;
    int order =
        memcmp(walk->layers[pa.layer].strings + ea->name, walk->layers[pb.layer].strings + eb->name, size);
    if (order != 0 || ea->name_size != eb->name_size)
        return order != 0 ? order : (ea->name_size > eb->name_size) - (ea->name_size < eb->name_size);
    return (pa.layer > pb.layer) - (pa.layer < pb.layer);
}

static bool is_same_name(const struct walk *walk, struct part a, struct part b)
{
    const struct layer_entry *ea = entry_of(walk, a), *eb = entry_of(walk, b);
    return ea->name_size == eb->name_size &&
           memcmp(walk->layers[a.layer].strings + ea->name, walk->layers[b.layer].strings + eb->name,
                  ea->name_size) == 0;
}

static int enqueue(struct walk *walk, const struct part *parts, size_t n, struct error *err)
{
    if (array_grow(&walk->queue, &walk->parts_room, walk->n_parts + n, sizeof(*walk->queue),
                   "the plan of an image", err) != 0 ||
        array_grow(&walk->sizes, &walk->groups_room, walk->n_groups + 1, sizeof(*walk->sizes),
                   "the plan of an image", err) != 0)
        return -1;
    memcpy(walk->queue + walk->n_parts, parts, n * sizeof(*parts));
    walk->n_parts += n;
    walk->sizes[walk->n_groups++] = (uint32_t)n;
    return 0;
}

/* Notes how large the merged directories of a group can get, and queues the groups below it. */
static int visit(struct walk *walk, size_t first, uint32_t n, struct error *err)
{
    uint64_t bytes = ext2_dirent_size(1) + ext2_dirent_size(2);
    size_t n_dirs = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct part part = walk->queue[first + i];
        const struct layer_entry *dir = entry_of(walk, part);
        if (array_grow(&walk->children, &walk->children_room, n_dirs + dir->n, sizeof(*walk->children),
                       "the plan of an image", err) != 0)
            return -1;
        for (uint32_t child = dir->first; child < dir->first + dir->n; child++) {
            const struct layer_entry *e = &walk->layers[part.layer].entries[child];
            bytes += ext2_dirent_size(e->name_size);
            if (S_ISDIR(e->mode))
                walk->children[n_dirs++] = (struct part){part.layer, child};
        }
        if (i > 0)
            walk->slots[part.layer].merged[part.entry] = (uint32_t)(bytes / DIR_BLOCK_FILL + 1);
    }
    if (n_dirs > 1)
        qsort_r(walk->children, n_dirs, sizeof(*walk->children), compare_children, walk);
    for (size_t i = 0, next; i < n_dirs; i = next) {
        for (next = i + 1; next < n_dirs && is_same_name(walk, walk->children[i], walk->children[next]);
             next++)
            ;
        if (next - i > 1 && enqueue(walk, walk->children + i, next - i, err) != 0)
            return -1;
    }
    return 0;
}

/* Leaves in merged how many blocks the directory may take; 0: no layer below has it. */
static int measure_merged(struct ext2_slots *slots, const struct layer *layers, uint32_t n_layers,
                          struct error *err)
{
    _cleanup_(walk_release) struct walk walk = {.slots = slots, .layers = layers};
    _cleanup_free_ struct part *roots = calloc(n_layers, sizeof(*roots));
    if (roots == NULL)
        return error_errno(err, "plan an image");
    for (uint32_t i = 0; i < n_layers; i++)
        roots[i] = (struct part){.layer = i, .entry = 0};
    if (enqueue(&walk, roots, n_layers, err) != 0)
        return -1;
    for (size_t group = 0, first = 0; group < walk.n_groups && n_layers > 1; group++) {
        if (visit(&walk, first, walk.sizes[group], err) != 0)
            return -1;
        first += walk.sizes[group];
    }
    return 0;
}

static int place(struct ext2_slots *slots, const struct layer *layer, struct error *err)
{
    for (uint32_t i = 0; i < layer->n_entries; i++)
        if (add_slot(slots, &slots->own[i], count_own(layer, i), err) != 0)
            return -1;
    for (uint32_t i = 0; i < layer->n_entries; i++) {
        uint32_t n = slots->merged[i];
        slots->merged[i] = EXT2_NO_SLOT;
        if (n > 0 && add_slot(slots, &slots->merged[i], with_indirect(n), err) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < layer->n_xattrs; i++) {
        bool is_first = i == 0 || layer->xattrs[i].entry != layer->xattrs[i - 1].entry;
        if (is_first && add_slot(slots, &slots->xattrs[i], 1, err) != 0)
            return -1;
        if (!is_first)
            slots->xattrs[i] = slots->xattrs[i - 1];
    }
    return 0;
}

int ext2_slots_init(struct ext2_slots *slots, const struct layer *layers, uint32_t n_layers,
                    struct error *err)
{
    for (uint32_t i = 0; i < n_layers; i++) {
        slots[i].own = calloc(layers[i].n_entries, sizeof(uint32_t));
        slots[i].merged = calloc(layers[i].n_entries, sizeof(uint32_t));
        slots[i].xattrs = calloc((size_t)layers[i].n_xattrs + 1, sizeof(uint32_t));
        if (slots[i].own == NULL || slots[i].merged == NULL || slots[i].xattrs == NULL)
            return error_errno(err, "plan an image");
    }
    if (measure_merged(slots, layers, n_layers, err) != 0)
        return -1;
    for (uint32_t i = 0; i < n_layers; i++)
        if (place(&slots[i], &layers[i], err) != 0)
            return -1;
    return 0;
}

void ext2_slots_release(struct ext2_slots *slots)
{
    free(slots->own);
    free(slots->merged);
    free(slots->xattrs);
    *slots = (struct ext2_slots){.n_blocks = 0};
}
