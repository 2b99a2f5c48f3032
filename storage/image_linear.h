/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of FAT and ISO 9660: the generated part is the image's own, the contents are the packs'. The files
 * of one container have slots, which are filled when the image is opened.
 */
#ifndef STORAGE_IMAGE_LINEAR_H
#define STORAGE_IMAGE_LINEAR_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/* Whether a format is one of these. */
bool image_linear_is(enum image_format format);

/* Writes the image of a source, with slots for the request's patches, and publishes it under a key, which the
 * caller has locked. */
int image_linear_write(const struct store *store, struct source *source, const struct image_request *request,
                       const char *key, struct error *err);

#endif
