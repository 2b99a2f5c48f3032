/* SPDX-License-Identifier: Apache-2.0 */
/* The packs that an image is about to link. */
#ifndef STORAGE_IMAGE_PACKS_H
#define STORAGE_IMAGE_PACKS_H

#include "source.h"
#include "store.h"

/* The packs of a source's layers. They are held open, so that a collector sees that they are needed before an
 * image links them. */
struct image_packs {
    int *fds;
    char (*keys)[DIGEST_TEXT_SIZE];
    uint32_t n;
};

#define IMAGE_PACKS_NONE ((struct image_packs){.fds = NULL})

/* Opens the pack of every layer, and builds those that the store has not; the layers have their tables then.
 */
int image_packs_ensure(const struct store *store, struct source *source, struct image_packs *packs,
                       struct error *err);

/* Accepts IMAGE_PACKS_NONE and half-filled ones. */
void image_packs_release(struct image_packs *packs);

#endif
