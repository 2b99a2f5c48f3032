/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a layer's table: what is accepted is merged, planned and emitted in every format without harm,
 * with a container's files in it, and encodes to the bytes that it came from. */
#include "base/bug.h"
#include "ext2_emit.h"
#include "layer.h"
#include "linear_image.h"

#include <stdlib.h>
#include <string.h>

/* An image of these blocks at most is emitted: larger ones only take time. */
#define BLOCKS_MAX (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_image(const struct layer *layer)
{
    struct error err = {0};
    struct tree tree = TREE_NONE;
    struct ext2_plan plan = EXT2_PLAN_NONE;
    struct ext2_meta meta = EXT2_META_NONE;
    if (tree_merge(layer, 1, &tree, &err) == 0 && ext2_plan_init(&plan, &tree, &err) == 0 &&
        plan.n_blocks <= BLOCKS_MAX && ext2_emit(&plan, &meta, &err) == 0)
        BUG_ON(meta.size == 0);
    ext2_meta_release(&meta);
    ext2_plan_release(&plan);
    tree_release(&tree);
}

static void make_linear(const struct layer *layer, bool is_fat)
{
    static const struct image_patch patches[] = {{"/etc/hosts", "x", 1}, {"/a/b", "yy", 2}};
    const struct image_request request = {.patches = patches, .n_patches = 2};
    struct error err = {0};
    struct tree tree = TREE_NONE;
    struct slot_layer slots = SLOT_LAYER_NONE;
    struct file_layout files = FILE_LAYOUT_NONE;
    struct linear_image image = LINEAR_IMAGE_NONE;
    struct extent_list extents = EXTENT_LIST_NONE;
    struct layer layers[2] = {*layer};
    struct linear_source source = {.tree = &tree, .files = &files, .slots = &slots};

    if (tree_merge(layer, 1, &tree, &err) == 0 && slot_layer_init(&slots, &tree, &request, &err) == 0) {
        layers[1] = slots.layer;
        tree_release(&tree);
        if (tree_merge(layers, 2, &tree, &err) == 0 &&
            file_layout_init(&files, &tree, is_fat ? FILE_LAYOUT_COPY : FILE_LAYOUT_SHARE, &err) == 0 &&
            files.n_blocks <= BLOCKS_MAX &&
            (is_fat ? fat_image_make(&source, &image, &err) : iso_image_make(&source, &image, &err)) == 0)
            BUG_ON(file_layout_extents(&files, image.size / LAYER_BLOCK_SIZE, 1, &extents, &err) != 0);
    }
    extent_list_release(&extents);
    linear_image_release(&image);
    file_layout_release(&files);
    tree_release(&tree);
    slot_layer_release(&slots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct layer layer = LAYER_NONE;
    struct error err = {0};
    void *again = NULL;
    size_t again_size = 0;

    if (layer_decode(data, size, &layer, &err) != 0) {
        BUG_ON(err.text[0] == '\0');
        return 0;
    }
    if (layer_encode(&layer, &again, &again_size, &err) == 0)
        BUG_ON(again_size != size || memcmp(again, data, size) != 0);
    free(again);
    make_image(&layer);
    make_linear(&layer, true);
    make_linear(&layer, false);
    layer_release(&layer);
    return 0;
}
