/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated blocks of an ext2 image in memory: those of the image's blocks that are neither contents of
 * files nor free. Blocks that nobody wrote to do not count as generated, and read as zeros.
 */
#ifndef STORAGE_EXT2_META_H
#define STORAGE_EXT2_META_H

#include "ext2_plan.h"
#include "extent_list.h"

struct ext2_block {
    uint32_t number; /* in the image */
    uint32_t at;     /* its place in bytes, in blocks */
};

/* Blocks of an image that can be generated, side by side. */
struct ext2_region {
    uint64_t number; /* of the first, in the image */
    uint64_t n_blocks;
    uint64_t at;
};

struct ext2_meta {
    uint8_t *bytes;
    size_t size;
    struct ext2_region *regions; /* in the order of the image */
    uint32_t n_regions;
    uint32_t last_region; /* where a block was found last */
    uint8_t *used;        /* a bit for each block of bytes */
    struct ext2_block
        *blocks; /* after ext2_meta_finish: those that were written to, in the order of the image */
    uint32_t n_blocks;
};

#define EXT2_META_NONE ((struct ext2_meta){.bytes = NULL})

/* Makes room for what a plan generates. Takes memory only for blocks that are written to. */
int ext2_meta_init(struct ext2_meta *meta, const struct ext2_plan *plan, struct error *err);

/* The bytes of a block of the image, to be written to; it counts as generated. */
uint8_t *ext2_meta_block(struct ext2_meta *meta, uint64_t number);

/* Lists the blocks that were written to. */
int ext2_meta_finish(struct ext2_meta *meta, struct error *err);

/* Writes all listed blocks one after the other to a file's position. */
int ext2_meta_write(const struct ext2_meta *meta, int fd, struct error *err);

/* Adds the extents of all listed blocks, when they stand one after the other in data file number file. */
int ext2_meta_add_extents(const struct ext2_meta *meta, uint32_t file, struct extent_list *list,
                          struct error *err);

/* Accepts EXT2_META_NONE. */
void ext2_meta_release(struct ext2_meta *meta);

#endif
