/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything of a tree stands in an ext2 image; no byte of it is written yet.
 *
 * All images have groups of the same shape. The blocks that are not a group's own metadata, counted through
 * all groups, are the data space. It holds, for one layer after the other from the lowest on, the layer's
 * generated blocks (ext2_slots.h) and its pack; and free blocks at the end. Inodes are numbered likewise. So
 * what a stack of layers has in an image stands where it stands in the image of this stack alone, and two
 * images of one base differ in few blocks; and a pack is mapped with one extent for each group that it
 * crosses.
 */
#ifndef STORAGE_EXT2_PLAN_H
#define STORAGE_EXT2_PLAN_H

#include "ext2_format.h"
#include "ext2_slots.h"
#include "tree.h"

/* Kept free, so that files can be added to an image for one container (ext2_patch.h). */
#define EXT2_SPARE_BLOCKS 256u
#define EXT2_SPARE_INODES 64u

/*
 * A pack of at least this many blocks starts at a multiple of them in the image, and so does the data space
 * of each group: 2 MiB, which one page-table entry maps when the page cache has the pack in pieces as large
 * (overlay.h).
 */
#define EXT2_LARGE_BLOCKS 512u

/*
 * So many that hardly a tree needs groups for its inodes alone. The table's unused blocks cost nothing. With
 * 508 blocks of inodes a group's own metadata just fits into EXT2_LARGE_BLOCKS.
 */
#define EXT2_INODES_PER_GROUP (508u * EXT2_INODES_PER_BLOCK)

/* What one layer takes. */
struct ext2_layer_plan {
    struct ext2_slots slots;
    uint32_t first_inode; /* entry i has the inode first_inode + i */
    uint64_t generated;   /* the block of the data space at which its generated blocks start */
    uint64_t pack;        /* and its pack */
};

struct ext2_plan {
    const struct tree *tree;
    uint32_t *inodes; /* of each node; hard links have the same */
    struct ext2_layer_plan *layers;
    uint64_t *firsts;  /* of each group: its first block in the data space; and one more: the end */
    uint64_t n_blocks; /* of the image */
    uint32_t n_groups;
    uint32_t n_group_table; /* blocks that the group descriptors take */
    int64_t newest;         /* the tree's latest mtime, for the superblock */
};

#define EXT2_PLAN_NONE ((struct ext2_plan){.tree = NULL})

/* Plans the image of a tree, which must outlive the plan. ERROR_REFUSED when ext2 cannot hold it. */
int ext2_plan_init(struct ext2_plan *plan, const struct tree *tree, struct error *err);

/* Accepts EXT2_PLAN_NONE. */
void ext2_plan_release(struct ext2_plan *plan);

/* How many blocks a group's own metadata takes, at its start. */
uint32_t ext2_plan_overhead(const struct ext2_plan *plan, uint32_t group);

/* The block of a group, counted from its start, with which its part of the data space begins. */
uint32_t ext2_plan_data_start(const struct ext2_plan *plan, uint32_t group);

/* Whether the group starts with a copy of the superblock. */
bool ext2_plan_has_super(uint32_t group);

/* The image's block for a block of the data space. *out_run: how many follow in one piece, that one included.
 */
uint64_t ext2_plan_block(const struct ext2_plan *plan, uint64_t data_block, uint64_t *out_run);

/* The block of the data space at which a node's generated blocks start. */
uint64_t ext2_plan_slot(const struct ext2_plan *plan, uint32_t node);

/* The block of the data space for a node's extended attributes; false: it has none. */
bool ext2_plan_xattrs(const struct ext2_plan *plan, uint32_t node, uint64_t *out);

/* The entry that holds the contents of a regular file's node: of hard links, the first of its layer. */
const struct layer_entry *ext2_plan_contents(const struct ext2_plan *plan, uint32_t node);

/* The block of the data space that holds a block of a regular file; false: the block is a hole. */
bool ext2_plan_file_block(const struct ext2_plan *plan, uint32_t node, uint64_t file_block, uint64_t *out);

/* Whether a regular file has data in [from, to), in blocks. */
bool ext2_plan_has_data(const struct ext2_plan *plan, uint32_t node, uint64_t from, uint64_t to);

#endif
