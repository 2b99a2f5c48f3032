/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image before its packs are there: extents point straight at the files of layers that nobody changes, and
 * at one temporary file that the small ones are copied into. Bytes and layout are those of the finished
 * image.
 */
#ifndef STORAGE_IMAGE_DIRECT_H
#define STORAGE_IMAGE_DIRECT_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/* Whether some layer of a source has no pack and can be read in place. */
bool image_direct_helps(const struct store *store, const struct source *source);

/* Opens such an image. Of layers that may still change, everything is copied. */
int image_direct_open(const struct store *store, struct source *source, const char *key, struct image *out,
                      struct error *err);

#endif
