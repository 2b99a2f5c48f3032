/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. First the generated blocks are counted, exactly as ext2_emit.c will write them; then the number of
 * groups is the least whose data space holds everything. More groups mean more metadata, so the number is
 * raised until it fits; it cannot fall again, as inode tables only shrink when they are spread wider.
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
    return super + 2 + plan->inodes_per_group / EXT2_INODES_PER_BLOCK;
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
    return (uint64_t)low * EXT2_BLOCKS_PER_GROUP + ext2_plan_overhead(plan, low) + data_block -
           plan->firsts[low];
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

/* The first segment of a sparse file that ends after a block; NULL: none. */
static const struct layer_segment *find_segment(const struct layer *layer, const struct layer_entry *e,
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

bool ext2_plan_file_block(const struct ext2_plan *plan, uint32_t node, uint64_t file_block, uint64_t *out)
{
    uint32_t layer = plan->tree->nodes[node].layer;
    const struct layer_entry *e = ext2_plan_contents(plan, node);
    if ((e->flags & LAYER_SPARSE) == 0) {
        *out = plan->bases[layer] + e->block + file_block;
        return file_block < file_blocks(e);
    }
    const struct layer_segment *s = find_segment(&plan->tree->layers[layer], e, file_block);
    if (s == NULL || s->file_block > file_block)
        return false;
    *out = plan->bases[layer] + s->pack_block + file_block - s->file_block;
    return true;
}

bool ext2_plan_has_data(const struct ext2_plan *plan, uint32_t node, uint64_t from, uint64_t to)
{
    const struct layer_entry *e = ext2_plan_contents(plan, node);
    if ((e->flags & LAYER_SPARSE) == 0)
        return from < file_blocks(e);
    const struct layer_segment *s = find_segment(&plan->tree->layers[plan->tree->nodes[node].layer], e, from);
    return s != NULL && s->file_block < to;
}

uint64_t ext2_plan_dir_blocks(const struct tree *tree, uint32_t node)
{
    const struct tree_node *dir = &tree->nodes[node];
    uint64_t n = 1;
    uint32_t used = ext2_dirent_size(1) + ext2_dirent_size(2);
    for (uint32_t i = 0; i < dir->n; i++) {
        uint32_t size = ext2_dirent_size(tree->nodes[dir->first + i].entry->name_size);
        if (used + size > EXT2_BLOCK_SIZE) {
            n++;
            used = 0;
        }
        used += size;
    }
    return n;
}

/* How many indirect blocks of one level, and below it, cover blocks [from, from + 1024^level) of what
 * has_data knows. For a directory n_dir is its number of blocks; for a file 0. */
static uint64_t count_indirect(const struct ext2_plan *plan, uint32_t node, uint64_t n_dir, uint64_t from,
                               unsigned int level)
{
    uint64_t span = 1;
    for (unsigned int i = 0; i < level; i++)
        span *= EXT2_POINTERS;
    bool has_data = n_dir > 0 ? from < n_dir : ext2_plan_has_data(plan, node, from, from + span);
    if (!has_data)
        return 0;
    uint64_t n = 1;
    for (uint64_t i = 0; level > 1 && i < EXT2_POINTERS; i++)
        n += count_indirect(plan, node, n_dir, from + i * (span / EXT2_POINTERS), level - 1);
    return n;
}

static uint64_t count_all_indirect(const struct ext2_plan *plan, uint32_t node, uint64_t n_dir)
{
    uint64_t from = EXT2_DIRECT, span = EXT2_POINTERS, n = 0;
    for (unsigned int level = 1; level <= 3; level++, from += span, span *= EXT2_POINTERS)
        n += count_indirect(plan, node, n_dir, from, level);
    return n;
}

static uint64_t count_generated(const struct ext2_plan *plan, uint32_t node)
{
    const struct layer_entry *e = plan->tree->nodes[node].entry;
    if (S_ISDIR(e->mode)) {
        uint64_t n = ext2_plan_dir_blocks(plan->tree, node);
        return n + (n > EXT2_DIRECT ? count_all_indirect(plan, node, n) : 0);
    }
    if (S_ISLNK(e->mode))
        return e->target_size >= EXT2_FAST_SYMLINK;
    if (S_ISREG(e->mode) && file_blocks(e) > EXT2_DIRECT)
        return count_all_indirect(plan, node, 0);
    return 0;
}

/* Numbers the inodes and counts generated blocks. */
static int plan_nodes(struct ext2_plan *plan, struct error *err)
{
    const uint64_t file_max = EXT2_DIRECT + EXT2_POINTERS + (uint64_t)EXT2_POINTERS * EXT2_POINTERS +
                              (uint64_t)EXT2_POINTERS * EXT2_POINTERS * EXT2_POINTERS;
    uint32_t next = EXT2_FIRST_INODE;

    for (uint32_t i = 0; i < plan->tree->n_nodes; i++) {
        const struct tree_node *node = &plan->tree->nodes[i];
        if (node->mtime > plan->newest)
            plan->newest = node->mtime;
        if (node->link != i) {
            plan->inodes[i] = plan->inodes[node->link];
            continue;
        }
        plan->inodes[i] = i == 0 ? EXT2_ROOT_INODE : next++;
        if (S_ISREG(node->entry->mode) && file_blocks(node->entry) > file_max)
            return error_set(err, ERROR_REFUSED, "'%.*s' is too large for ext2", (int)node->entry->name_size,
                             node->name);
        plan->n_generated += count_generated(plan, i);
    }
    plan->n_inodes_used = next - 1;
    return 0;
}

/* Divides the image into n groups. Returns how many blocks the data space then can have. */
static uint64_t try_groups(struct ext2_plan *plan, uint32_t n)
{
    uint64_t n_inodes = (uint64_t)plan->n_inodes_used + EXT2_SPARE_INODES;
    uint64_t per_group = (n_inodes + n - 1) / n;
    per_group = (per_group + EXT2_INODES_PER_BLOCK - 1) / EXT2_INODES_PER_BLOCK * EXT2_INODES_PER_BLOCK;
    if (per_group > EXT2_BLOCKS_PER_GROUP)
        return 0;
    plan->n_groups = n;
    plan->inodes_per_group = (uint32_t)per_group;
    plan->n_group_table = (n + EXT2_GROUPS_PER_BLOCK - 1) / EXT2_GROUPS_PER_BLOCK;

    uint64_t room = 0;
    for (uint32_t group = 0; group < n; group++) {
        uint32_t overhead = ext2_plan_overhead(plan, group);
        if (overhead >= EXT2_BLOCKS_PER_GROUP)
            return 0;
        room += EXT2_BLOCKS_PER_GROUP - overhead;
    }
    return room;
}

static int plan_groups(struct ext2_plan *plan, uint64_t n_data, struct error *err)
{
    uint64_t n = n_data / EXT2_BLOCKS_PER_GROUP + 1;
    while (n <= UINT32_MAX / EXT2_BLOCKS_PER_GROUP && try_groups(plan, (uint32_t)n) < n_data)
        n++;
    if (n > UINT32_MAX / EXT2_BLOCKS_PER_GROUP)
        return error_set(err, ERROR_REFUSED, "the tree's %llu blocks are too many for ext2",
                         (unsigned long long)n_data);

    plan->firsts = calloc(n + 1, sizeof(*plan->firsts));
    if (plan->firsts == NULL)
        return error_errno(err, "plan an image");
    for (uint32_t group = 0; group < n; group++)
        plan->firsts[group + 1] =
            plan->firsts[group] + EXT2_BLOCKS_PER_GROUP - ext2_plan_overhead(plan, group);
    /* The last group is as short as it can be. That the others came to hold everything, as their inode tables
     * shrank, does not make it empty: readers expect some blocks in it. */
    uint64_t end = n_data > plan->firsts[n - 1] ? n_data : plan->firsts[n - 1] + LAST_GROUP_MIN;
    plan->n_blocks = (n - 1) * EXT2_BLOCKS_PER_GROUP + ext2_plan_overhead(plan, (uint32_t)n - 1) + end -
                     plan->firsts[n - 1];
    plan->firsts[n] = end;
    return 0;
}

int ext2_plan_init(struct ext2_plan *plan, const struct tree *tree, struct error *err)
{
    *plan = EXT2_PLAN_NONE;
    plan->tree = tree;
    plan->inodes = calloc(tree->n_nodes, sizeof(*plan->inodes));
    plan->bases = calloc(tree->n_layers, sizeof(*plan->bases));
    if (plan->inodes == NULL || plan->bases == NULL) {
        error_errno(err, "plan an image");
        ext2_plan_release(plan);
        return -1;
    }

    int failed = plan_nodes(plan, err);
    uint64_t n_data = plan->n_generated + EXT2_SPARE_BLOCKS;
    for (uint32_t i = 0; i < tree->n_layers; i++) {
        plan->bases[i] = n_data;
        n_data += tree->layers[i].n_blocks;
    }
    if (failed != 0 || plan_groups(plan, n_data, err) != 0) {
        ext2_plan_release(plan);
        return -1;
    }
    return 0;
}

void ext2_plan_release(struct ext2_plan *plan)
{
    free(plan->inodes);
    free(plan->bases);
    free(plan->firsts);
    *plan = EXT2_PLAN_NONE;
}
