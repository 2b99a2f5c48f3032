/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image before its packs are there: extents point straight at the files of layers that nobody changes, and
 * at temporary files that the small ones are copied into. Bytes and layout are those of the finished image.
 */
#ifndef STORAGE_IMAGE_DIRECT_H
#define STORAGE_IMAGE_DIRECT_H

#include "image_fill.h"
#include "source.h"
#include "storage/image.h"
#include "store.h"

/* Whether some layer of a source has no pack and can be read in place. */
bool image_direct_helps(const struct store *store, const struct source *source);

/*
 * Opens such an image. Of layers that may still change, everything is copied. What else is to be copied is
 * left to the caller when it is much: *out_fill, which borrows from the source, must be run and released,
 * here or in another process, and the image says that it is being filled.
 */
int image_direct_open(const struct store *store, struct source *source, const char *key, struct image *out,
                      struct image_fill *out_fill, struct error *err);

#endif
