/* SPDX-License-Identifier: Apache-2.0 */
#include "image_ext2.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "image_compose.h"
#include "image_object.h"
#include "image_packs.h"
#include "image_stem.h"

#include <stdlib.h>
#include <string.h>

/* Collects the generated blocks that no stem has, and the extents of all. *out_own is the caller's to
 * free(3). */
static int add_generated(const struct composition *composition, const struct stem_list *stems,
                         struct extent_list *extents, uint8_t **out_own, size_t *out_size, struct error *err)
{
    const struct ext2_meta *meta = &composition->meta;
    _cleanup_free_ uint8_t *own = NULL;
    uint32_t n = 0;
    size_t room = 0;
    for (uint32_t i = 0; i < meta->n_blocks; i++) {
        const uint8_t *bytes = meta->bytes + (size_t)meta->blocks[i].at * EXT2_BLOCK_SIZE;
        uint32_t number = meta->blocks[i].number, stem, at, file = 0;
        if (stem_list_find(stems, number, bytes, &stem, &at)) {
            file = 1 + stem;
        } else {
            if (array_grow(&own, &room, (size_t)n + 1, EXT2_BLOCK_SIZE, "the generated part", err) != 0)
                return -1;
            memcpy(own + (size_t)n * EXT2_BLOCK_SIZE, bytes, EXT2_BLOCK_SIZE);
            at = n++;
        }
        if (extent_list_add(extents, number, 1, file, at, err) != 0)
            return -1;
    }
    *out_own = take_ptr(own);
    *out_size = (size_t)n * EXT2_BLOCK_SIZE;
    return 0;
}

/* Data file 0 is the image's own part, then come the stems and then the packs. */
int image_ext2_write(const struct store *store, struct source *source, const char *key, struct error *err)
{
    _cleanup_(image_packs_release) struct image_packs packs = IMAGE_PACKS_NONE;
    _cleanup_(composition_release) struct composition composition = COMPOSITION_NONE;
    _cleanup_(stem_list_release) struct stem_list stems = STEM_LIST_NONE;
    _cleanup_(extent_list_release) struct extent_list extents = EXTENT_LIST_NONE;
    _cleanup_free_ char(*keys)[DIGEST_TEXT_SIZE] = calloc(2 * (size_t)source->n_layers, sizeof(*keys));
    _cleanup_free_ uint8_t *own = NULL;
    size_t own_size = 0;

    if (keys == NULL)
        return error_errno(err, "build an image");
    if (image_packs_ensure(store, source, &packs, err) != 0 ||
        composition_init(&composition, source, source->n_layers, err) != 0 ||
        stem_list_ensure(store, source, &composition, &stems, err) != 0 ||
        add_generated(&composition, &stems, &extents, &own, &own_size, err) != 0)
        return -1;
    for (uint32_t i = 0; i < stems.n; i++)
        memcpy(keys[i], stems.stems[i].key, sizeof(keys[i]));
    for (uint32_t i = 0; i < source->n_layers; i++) {
        memcpy(keys[stems.n + i], source->layers[i].key, sizeof(keys[i]));
        if (composition_add_pack(&composition, i, 1 + stems.n + i, &extents, err) != 0)
            return -1;
    }
    extent_list_sort(&extents);
    const struct image_parts parts = {.format = IMAGE_EXT2,
                                      .capacity = composition_capacity(&composition),
                                      .meta = own_size > 0 ? (const void *)own : "",
                                      .meta_size = own_size,
                                      .extents = &extents,
                                      .pack_keys = (const char(*)[DIGEST_TEXT_SIZE])keys,
                                      .n_packs = stems.n + source->n_layers,
                                      .n_stems = stems.n};
    return image_object_publish(store, key, &parts, err);
}
