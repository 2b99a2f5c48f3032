/* SPDX-License-Identifier: Apache-2.0 */
/* Building an image into the store: packs first, the image last. */
#ifndef STORAGE_IMAGE_BUILD_H
#define STORAGE_IMAGE_BUILD_H

#include "source.h"
#include "store.h"

/* Ensures that the store has the ext2 image of a source under a key. Builds of one key run one at a time. */
int image_build(const struct store *store, struct source *source, const char *key, struct error *err);

#endif
