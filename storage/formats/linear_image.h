/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of file systems that keep every file in one piece: a generated part at the start, then the data area
 * of a file_layout. What their writers are given, and what they make.
 */
#ifndef STORAGE_LINEAR_IMAGE_H
#define STORAGE_LINEAR_IMAGE_H

#include "file_layout.h"
#include "slot_layer.h"
#include "slot_table.h"

#include <stddef.h>
#include <stdint.h>

struct linear_source {
    const struct tree *tree;
    const struct file_layout *files;
    const struct slot_layer *slots; /* the tree's last layer; NULL: there are none */
};

/* Whole blocks; the data area starts where they end. */
struct linear_image {
    uint8_t *bytes; /* mmap(2)ed */
    size_t size;
    uint64_t n_blocks; /* of the whole image */
    struct slot_table table;
};

#define LINEAR_IMAGE_NONE ((struct linear_image){.bytes = NULL})

/* Starts an image with a generated part of so many bytes, all zeros; size is a multiple of the block. */
int linear_image_init(struct linear_image *image, const struct linear_source *source, size_t size,
                      struct error *err);

/* The slot that a node is the file of, or UINT32_MAX. */
uint32_t linear_image_slot(const struct linear_source *source, uint32_t node);

/* Accepts LINEAR_IMAGE_NONE. */
void linear_image_release(struct linear_image *image);

/* FAT16, or FAT32 when there are too many clusters. */
int fat_image_make(const struct linear_source *source, struct linear_image *out, struct error *err);

/* ISO 9660 with Rock Ridge and Joliet. */
int iso_image_make(const struct linear_source *source, struct linear_image *out, struct error *err);

#endif
