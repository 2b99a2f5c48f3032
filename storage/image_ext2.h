/* SPDX-License-Identifier: Apache-2.0 */
/* ext2 images: the generated part, of which stems have what images of one base share, and the packs. */
#ifndef STORAGE_IMAGE_EXT2_H
#define STORAGE_IMAGE_EXT2_H

#include "source.h"
#include "store.h"

/* Writes the image of a source and publishes it under a key, which the caller has locked. */
int image_ext2_write(const struct store *store, struct source *source, const char *key, struct error *err);

#endif
