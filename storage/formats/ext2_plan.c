/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The data space is laid out first; then the number of groups is the least that holds it and all
 * inodes. Groups differ in nothing but whether they start with a copy of the superblock, so a block of the
 * data space is the same block of the image whatever else the image holds. (One exception: with every 128
 * groups the copies get longer.)
 */
#include "ext2_plan.h"

#include "base/bug.h"

#include <stdlib.h>
#include <sys/stat.h>

#define LAST_GROUP_MIN 64u

static bool is_power_of(uint32_t n, uint32_t base)
{
    while (n % base == 0)
        n /= base;
    return n == 1;
}

bool ext2_plan_has_super(uint32_t group)
{
    return group <= 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

uint32_t ext2_plan_overhead(const struct ext2_plan *plan, uint32_t group)
{
    uint32_t super = ext2_plan_has_super(group) ? 1 + plan->n_group_table : 0;
    return super + 2 + EXT2_INODES_PER_GROUP / EXT2_INODES_PER_BLOCK;
}

static uint64_t round_up(uint64_t block)
{
    return (block + EXT2_LARGE_BLOCKS - 1) / EXT2_LARGE_BLOCKS * EXT2_LARGE_BLOCKS;
}

uint32_t ext2_plan_data_start(const struct ext2_plan *plan, uint32_t group)
{
    return (uint32_t)round_up(ext2_plan_overhead(plan, group));
}

uint64_t ext2_plan_block(const struct ext2_plan *plan, uint64_t data_block, uint64_t *out_run)
{
    uint32_t low = 0, high = plan->n_groups;
    BUG_ON(data_block >= plan->firsts[plan->n_groups]);
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (plan->firsts[middle] <= data_block)
            low = middle;
        else
            high = middle;
    }
    *out_run = plan->firsts[low + 1] - data_block;
    return (uint64_t)low * EXT2_BLOCKS_PER_GROUP + ext2_plan_data_start(plan, low) + data_block -
           plan->firsts[low];
}

uint64_t ext2_plan_slot(const struct ext2_plan *plan, uint32_t node)
{
    const struct tree_node *n = &plan->tree->nodes[node];
    const struct ext2_layer_plan *layer = &plan->layers[n->layer];
    uint32_t entry = (uint32_t)(n->entry - plan->tree->layers[n->layer].entries);
    if (!S_ISDIR(n->entry->mode))
        return layer->generated + layer->slots.own[n->entry->link];
    if (n->n_parts == 1)
        return layer->generated + layer->slots.own[entry];
    BUG_ON(layer->slots.merged[entry] == EXT2_NO_SLOT);
    return layer->generated + layer->slots.merged[entry];
}

bool ext2_plan_xattrs(const struct ext2_plan *plan, uint32_t node, uint64_t *out)
{
    const struct tree_node *n = &plan->tree->nodes[node];
    const struct layer *layer = &plan->tree->layers[n->layer];
    const struct ext2_layer_plan *place = &plan->layers[n->layer];
    const struct layer_xattr *first = NULL;
    if (layer_find_xattrs(layer, (uint32_t)(n->entry - layer->entries), &first) == 0)
        return false;
    *out = place->generated + place->slots.xattrs[first - layer->xattrs];
    return true;
}

const struct layer_entry *ext2_plan_contents(const struct ext2_plan *plan, uint32_t node)
{
    const struct tree_node *n = &plan->tree->nodes[node];
    return &plan->tree->layers[n->layer].entries[n->entry->link];
}

static uint64_t file_blocks(const struct layer_entry *e)
{
    return e->size / EXT2_BLOCK_SIZE + (e->size % EXT2_BLOCK_SIZE != 0);
}

bool ext2_plan_file_block(const struct ext2_plan *plan, uint32_t node, uint64_t file_block, uint64_t *out)
{
    uint32_t layer = plan->tree->nodes[node].layer;
    const struct layer_entry *e = ext2_plan_contents(plan, node);
    if ((e->flags & LAYER_SPARSE) == 0) {
        *out = plan->layers[layer].pack + e->block + file_block;
        return file_block < file_blocks(e);
    }
    const struct layer_segment *s = ext2_slots_segment(&plan->tree->layers[layer], e, file_block);
    if (s == NULL || s->file_block > file_block)
        return false;
    *out = plan->layers[layer].pack + s->pack_block + file_block - s->file_block;
    return true;
}

bool ext2_plan_has_data(const struct ext2_plan *plan, uint32_t node, uint64_t from, uint64_t to)
{
    const struct layer *layer = &plan->tree->layers[plan->tree->nodes[node].layer];
    return ext2_slots_has_data(layer, ext2_plan_contents(plan, node), from, to);
}

static int plan_nodes(struct ext2_plan *plan, struct error *err)
{
    const uint64_t file_max = EXT2_DIRECT + EXT2_POINTERS + (uint64_t)EXT2_POINTERS * EXT2_POINTERS +
                              (uint64_t)EXT2_POINTERS * EXT2_POINTERS * EXT2_POINTERS;
    for (uint32_t i = 0; i < plan->tree->n_nodes; i++) {
        const struct tree_node *node = &plan->tree->nodes[i];
        uint32_t entry = S_ISDIR(node->entry->mode) ? node->lowest_entry : node->entry->link;
        if (node->mtime > plan->newest)
            plan->newest = node->mtime;
        if (S_ISREG(node->entry->mode) && file_blocks(node->entry) > file_max)
            return error_set(err, ERROR_REFUSED, "'%.*s' is too large for ext2", (int)node->entry->name_size,
                             node->name);
        plan->inodes[i] = plan->layers[node->lowest_layer].first_inode + entry;
    }
    plan->inodes[0] = EXT2_ROOT_INODE;
    return 0;
}

/* Gives the layers their places. *out_n_data and *out_n_inodes: what all of them need. */
static int plan_layers(struct ext2_plan *plan, uint64_t *out_n_data, uint64_t *out_n_inodes,
                       struct error *err)
{
    const struct tree *tree = plan->tree;
    uint64_t n_data = 0, n_inodes = EXT2_FIRST_INODE - 1;
    for (uint32_t i = 0; i < tree->n_layers; i++) {
        struct ext2_layer_plan *layer = &plan->layers[i];
        if (n_inodes + tree->layers[i].n_entries > UINT32_MAX / 2)
            return error_set(err, ERROR_REFUSED, "the tree's files are too many for ext2");
        layer->first_inode = (uint32_t)n_inodes + 1;
        layer->generated = n_data;
        layer->pack = n_data + layer->slots.n_blocks;
        if (tree->layers[i].n_blocks >= EXT2_LARGE_BLOCKS)
            layer->pack = round_up(layer->pack);
        n_data = layer->pack + tree->layers[i].n_blocks;
        n_inodes += tree->layers[i].n_entries;
    }
    *out_n_data = n_data + EXT2_SPARE_BLOCKS;
    *out_n_inodes = n_inodes + EXT2_SPARE_INODES;
    return 0;
}

/* How many blocks the data space of n groups has. */
static uint64_t count_room(struct ext2_plan *plan, uint64_t n)
{
    uint64_t room = 0;
    plan->n_groups = (uint32_t)n;
    plan->n_group_table = (uint32_t)((n + EXT2_GROUPS_PER_BLOCK - 1) / EXT2_GROUPS_PER_BLOCK);
    for (uint32_t group = 0; group < n; group++)
        room += EXT2_BLOCKS_PER_GROUP - ext2_plan_data_start(plan, group);
    return room;
}

static int plan_groups(struct ext2_plan *plan, uint64_t n_data, uint64_t n_inodes, struct error *err)
{
    uint64_t n = n_data / EXT2_BLOCKS_PER_GROUP + 1;
    if (n < (n_inodes + EXT2_INODES_PER_GROUP - 1) / EXT2_INODES_PER_GROUP)
        n = (n_inodes + EXT2_INODES_PER_GROUP - 1) / EXT2_INODES_PER_GROUP;
    uint64_t room = 0;
    /* A group has room for fewer blocks than it has itself: this never goes too far. */
    while (n <= UINT32_MAX / EXT2_BLOCKS_PER_GROUP && (room = count_room(plan, n)) < n_data)
        n += (n_data - room + EXT2_BLOCKS_PER_GROUP - 1) / EXT2_BLOCKS_PER_GROUP;
    if (n > UINT32_MAX / EXT2_BLOCKS_PER_GROUP)
        return error_set(err, ERROR_REFUSED, "the tree's %llu blocks are too many for ext2",
                         (unsigned long long)n_data);

    plan->firsts = calloc(n + 1, sizeof(*plan->firsts));
    if (plan->firsts == NULL)
        return error_errno(err, "plan an image");
    for (uint32_t group = 0; group < n; group++)
        plan->firsts[group + 1] =
            plan->firsts[group] + EXT2_BLOCKS_PER_GROUP - ext2_plan_data_start(plan, group);
    /* The last group is as short as it can be; but readers expect some blocks in it. */
    uint64_t end = plan->firsts[n - 1] + LAST_GROUP_MIN;
    if (end < n_data)
        end = n_data;
    plan->n_blocks = (n - 1) * EXT2_BLOCKS_PER_GROUP + ext2_plan_data_start(plan, (uint32_t)n - 1) + end -
                     plan->firsts[n - 1];
    plan->firsts[n] = end;
    return 0;
}

static int plan_slots(struct ext2_plan *plan, struct error *err)
{
    const struct tree *tree = plan->tree;
    struct ext2_slots *slots = calloc(tree->n_layers, sizeof(*slots));
    if (slots == NULL)
        return error_errno(err, "plan an image");
    int failed = ext2_slots_init(slots, tree->layers, tree->n_layers, err);
    for (uint32_t i = 0; i < tree->n_layers; i++)
        plan->layers[i].slots = slots[i];
    free(slots);
    return failed;
}

int ext2_plan_init(struct ext2_plan *plan, const struct tree *tree, struct error *err)
{
    uint64_t n_data = 0, n_inodes = 0;
    *plan = EXT2_PLAN_NONE;
    plan->tree = tree;
    plan->inodes = calloc(tree->n_nodes, sizeof(*plan->inodes));
    plan->layers = calloc(tree->n_layers, sizeof(*plan->layers));
    if (plan->inodes == NULL || plan->layers == NULL) {
        error_errno(err, "plan an image");
        ext2_plan_release(plan);
        return -1;
    }
    if (plan_slots(plan, err) != 0 || plan_layers(plan, &n_data, &n_inodes, err) != 0 ||
        plan_nodes(plan, err) != 0 || plan_groups(plan, n_data, n_inodes, err) != 0) {
        ext2_plan_release(plan);
        return -1;
    }
    return 0;
}

void ext2_plan_release(struct ext2_plan *plan)
{
    for (uint32_t i = 0; plan->layers != NULL && i < plan->tree->n_layers; i++)
        ext2_slots_release(&plan->layers[i].slots);
    free(plan->layers);
    free(plan->inodes);
    free(plan->firsts);
    *plan = EXT2_PLAN_NONE;
}
