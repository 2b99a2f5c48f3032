/* SPDX-License-Identifier: Apache-2.0 */
/* Building an image into the store, once. */
#ifndef STORAGE_IMAGE_BUILD_H
#define STORAGE_IMAGE_BUILD_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/*
 * Ensures that the store has the image of a source under a key, in the request's format, and with its patches
 * or with slots for them where the format is not patched at each opening. Builds of one key run one at a
 * time: when another one runs, waits for it, or, without wait, leaves it to it.
 */
int image_build(const struct store *store, struct source *source, const struct image_request *request,
                const char *key, bool wait, struct error *err);

#endif
