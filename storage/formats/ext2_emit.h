/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an ext2 image that are not contents of files, and the extents of all that are in one pack. */
#ifndef STORAGE_EXT2_EMIT_H
#define STORAGE_EXT2_EMIT_H

#include "ext2_meta.h"

/* Writes what was planned. The same plan gives the same bytes. */
int ext2_emit(const struct ext2_plan *plan, struct ext2_meta *out, struct error *err);

/*
 * Adds extents for n_blocks blocks of a layer's pack from pack_block on, which stand in data file number file
 * from file_block on.
 */
int ext2_emit_pack_extents(const struct ext2_plan *plan, uint32_t layer, uint64_t pack_block,
                           uint64_t n_blocks, uint32_t file, uint64_t file_block, struct extent_list *list,
                           struct error *err);

#endif
