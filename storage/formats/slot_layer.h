/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots: room in an image for the files of one container, kept where the image of all containers has an empty
 * file. A layer on top of all others shows the files, each as large as its slot; no pack holds what is in
 * them.
 */
#ifndef STORAGE_SLOT_LAYER_H
#define STORAGE_SLOT_LAYER_H

#include "layer.h"
#include "storage/image.h"
#include "tree.h"

struct slot_layer {
    struct layer layer;
    uint32_t *patches; /* of each entry: the patch that is put there, or UINT32_MAX */
};

#define SLOT_LAYER_NONE ((struct slot_layer){.patches = NULL})

/* The blocks of the slot for a patch: with room to grow, so that nearly the same patches have the same image.
 */
uint64_t slot_layer_blocks(const struct image_patch *patch);

/*
 * Makes the layer for a request's patches over a tree, which it does not change. Symlinks on the way to a
 * file are followed; at its end one is replaced. Of two patches in one place the later one has the slot.
 * ERROR_REFUSED: a path that leads nowhere or names no file.
 */
int slot_layer_init(struct slot_layer *slots, const struct tree *tree, const struct image_request *request,
                    struct error *err);

/* Accepts SLOT_LAYER_NONE. */
void slot_layer_release(struct slot_layer *slots);

#endif
