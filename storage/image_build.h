/* SPDX-License-Identifier: Apache-2.0 */
/* Building an image into the store: packs first, the image last. */
#ifndef STORAGE_IMAGE_BUILD_H
#define STORAGE_IMAGE_BUILD_H

#include "source.h"
#include "store.h"

/* Ensures that the store has the ext2 image of a source under a key. Builds of one key run one at a time:
 * when another one runs, waits for it, or, without wait, leaves it to it. */
int image_build(const struct store *store, struct source *source, const char *key, bool wait,
                struct error *err);

#endif
