/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks each layer keeps for what has to be generated for its entries: directories, indirect blocks,
 * long symlinks, extended attributes.
 *
 * A slot follows from the layer and those below it, whatever stands above: so the images of two stacks that
 * start with the same layers have the same blocks in the same places, but for what their upper layers change.
 */
#ifndef STORAGE_EXT2_SLOTS_H
#define STORAGE_EXT2_SLOTS_H

#include "layer.h"

#define EXT2_NO_SLOT UINT32_MAX

/* The slots of one layer, in blocks from the first one on. */
struct ext2_slots {
    uint32_t *own;    /* of each entry: its slot when no layer below has part in it */
    uint32_t *merged; /* of each directory: its slot when layers below have; EXT2_NO_SLOT: none can have */
    uint32_t *xattrs; /* of each of the layer's attributes: the slot of its file's block */
    uint64_t n_blocks;
};

/* Fills slots[0..n_layers), which are zeroed, for a stack of layers, lowest first. After a failure they are
 * to be released too. */
int ext2_slots_init(struct ext2_slots *slots, const struct layer *layers, uint32_t n_layers,
                    struct error *err);

/* Accepts zeroed slots. */
void ext2_slots_release(struct ext2_slots *slots);

/* Whether a regular file's entry has data in [from, to), in blocks. */
bool ext2_slots_has_data(const struct layer *layer, const struct layer_entry *e, uint64_t from, uint64_t to);

/* The first segment of a sparse file that ends after a block; NULL: none. */
const struct layer_segment *ext2_slots_segment(const struct layer *layer, const struct layer_entry *e,
                                               uint64_t file_block);

#endif
