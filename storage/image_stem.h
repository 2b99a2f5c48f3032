/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stems: the generated blocks that the images of one lower stack of layers have in common. An image's own
 * generated part is what it has different from its stems, a few blocks for each directory that its upper
 * layers change.
 *
 * The image of a stack of layers is cut where enough has come together: the first stem holds the generated
 * blocks of the image of the lowest layers alone; each further one those that the image of some more layers
 * has different. Where the cuts are follows from the layers below each. A stem stands in the store like a
 * pack (pack.h), with the numbers of its blocks as its table.
 */
#ifndef STORAGE_IMAGE_STEM_H
#define STORAGE_IMAGE_STEM_H

#include "image_compose.h"
#include "source.h"
#include "store.h"

struct stem {
    char key[DIGEST_TEXT_SIZE];
    int fd;
    uint32_t n_layers; /* whose image it was cut from */
    uint8_t *bytes;    /* the blocks, mapped */
    uint32_t *numbers; /* of each block in the image, ascending */
    uint32_t n_blocks;
};

struct stem_list {
    struct stem *stems; /* lowest first */
    uint32_t n;
};

#define STEM_LIST_NONE ((struct stem_list){.n = 0})

/* Opens the stems of an image, and makes those that the store does not have. The caller holds
 * STORE_COLLECT_LOCK, or somebody might collect them. */
int stem_list_ensure(const struct store *store, const struct source *source,
                     const struct composition *composition, struct stem_list *out, struct error *err);

/* Looks for a block with these bytes. False: no stem has it. *out_stem and *out_at: where it is. */
bool stem_list_find(const struct stem_list *list, uint32_t number, const uint8_t *bytes, uint32_t *out_stem,
                    uint32_t *out_at);

/* Accepts STEM_LIST_NONE. */
void stem_list_release(struct stem_list *list);

#endif
