/* SPDX-License-Identifier: Apache-2.0 */
/* Extents in the order of the image, joined where they touch. */
#ifndef STORAGE_EXTENT_LIST_H
#define STORAGE_EXTENT_LIST_H

#include "base/error.h"
#include "overlay/extent.h"

#include <stddef.h>

struct extent_list {
    struct extent *extents;
    uint32_t n;
    size_t room;
};

#define EXTENT_LIST_NONE ((struct extent_list){.n = 0})

/* Adds n_blocks blocks of EXTENT_ALIGN bytes, at a block of the image, from a block of a data file. */
int extent_list_add(struct extent_list *list, uint64_t image_block, uint64_t n_blocks, uint32_t file,
                    uint64_t file_block, struct error *err);

/* Puts the extents in the order of the image and joins neighbours. They must not overlap. */
void extent_list_sort(struct extent_list *list);

/* Accepts EXTENT_LIST_NONE. */
void extent_list_release(struct extent_list *list);

#endif
