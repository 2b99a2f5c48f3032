/* SPDX-License-Identifier: Apache-2.0 */
/* The block that holds a file's extended attributes in ext2. */
#ifndef STORAGE_EXT2_XATTR_H
#define STORAGE_EXT2_XATTR_H

#include "ext2_format.h"
#include "tree.h"

#include <stdbool.h>

/* Fills a zeroed block with the attributes of a node (tree_xattr.h); *out_any is false when there are none.
 * ERROR_REFUSED, with the file's name: they do not fit. */
int ext2_xattr_fill(const struct tree *tree, uint32_t node, uint8_t block[EXT2_BLOCK_SIZE], bool *out_any,
                    struct error *err);

#endif
