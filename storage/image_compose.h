/* SPDX-License-Identifier: Apache-2.0 */
/* From the tables of layers to an image's generated part and extents: the same whatever holds the contents.
 */
#ifndef STORAGE_IMAGE_COMPOSE_H
#define STORAGE_IMAGE_COMPOSE_H

#include "ext2_emit.h"
#include "extent_list.h"
#include "source.h"
#include "tree.h"

/* Goes into the keys of images and stems: changes when the same tree gives other bytes. */
#define IMAGE_WRITER_VERSION 5

/* An image that is planned and whose generated part is in memory. */
struct composition {
    struct layer *layers; /* borrowed from the source's tables */
    struct tree tree;
    struct ext2_plan plan;
    struct ext2_meta meta;
    bool **visible; /* of each layer and entry: contents that the tree shows */
};

#define COMPOSITION_NONE ((struct composition){.layers = NULL})

/* Composes the ext2 image of a source's lowest n_layers layers, which all have their tables; the source must
 * outlive it. */
int composition_init(struct composition *composition, const struct source *source, uint32_t n_layers,
                     struct error *err);

/* Adds the extents of what is seen of one layer's pack, which is a data file. */
int composition_add_pack(const struct composition *composition, uint32_t layer, uint32_t file,
                         struct extent_list *list, struct error *err);

/* Bytes in the whole image. */
uint64_t composition_capacity(const struct composition *composition);

/* Accepts COMPOSITION_NONE. */
void composition_release(struct composition *composition);

#endif
