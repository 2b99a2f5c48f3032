/* SPDX-License-Identifier: Apache-2.0 */
/* The layer that an engine's container has above its image, without the container. */
#ifndef STORAGE_LAYER_TOP_H
#define STORAGE_LAYER_TOP_H

#include "storage/image.h"
#include "tree.h"

/* Makes the table that a scan would find in the directory once the engine has put the entries into it. below
 * is what the layers under it show. The layer is the caller's. */
int layer_top_make(const struct tree *below, const struct image_top *top, struct layer *out,
                   struct error *err);

#endif
