/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing an ext2 image's metadata in memory: blocks are read when they are needed, and those that were
 * changed are known. Nothing read is believed: numbers are checked before they are used.
 */
#ifndef STORAGE_EXT2_EDIT_H
#define STORAGE_EXT2_EDIT_H

#include "base/error.h"
#include "ext2_format.h"
#include "overlay/extent.h"

#include <stdbool.h>
#include <stddef.h>

/* The most blocks that one edit can touch: 16 files of 1 MiB, and what leads to them. */
#define EXT2_EDIT_BLOCKS_MAX 8192u

struct ext2_edit_block {
    uint32_t number;
    bool is_changed;
    uint8_t *bytes;
};

/* An image whose generated part can be read. */
struct ext2_source {
    const int *meta_fds; /* the image's first data files */
    size_t n_meta_fds;
    const struct extent *extents;
    uint32_t n_extents;
};

struct ext2_edit {
    struct ext2_source source;
    struct ext2_edit_block *blocks;
    uint32_t n_blocks;
    size_t room;
    struct ext2_super super; /* as it was; the changing counts are in its block */
    uint32_t n_groups;
};

#define EXT2_EDIT_NONE ((struct ext2_edit){.n_blocks = 0})

/* Reads the superblock and checks it. What source points at must outlive the edit. */
int ext2_edit_init(struct ext2_edit *edit, const struct ext2_source *source, struct error *err);

/* Accepts EXT2_EDIT_NONE. */
void ext2_edit_release(struct ext2_edit *edit);

/* The bytes of a block, which stay valid until release; *out is theirs to change when changes is true. */
int ext2_edit_get(struct ext2_edit *edit, uint32_t block, bool changes, uint8_t **out, struct error *err);

/* An inode in its block. */
int ext2_edit_inode(struct ext2_edit *edit, uint32_t number, bool changes, struct ext2_inode **out,
                    struct error *err);

/* Takes a free block; it reads as zeros and counts as changed. */
int ext2_edit_take_block(struct ext2_edit *edit, uint32_t *out, struct error *err);
int ext2_edit_free_block(struct ext2_edit *edit, uint32_t block, struct error *err);

/* Takes a free inode, with all its fields 0. */
int ext2_edit_take_inode(struct ext2_edit *edit, bool is_dir, uint32_t *out, struct error *err);

#endif
