/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a layer's table: what is accepted is merged, planned and emitted without harm, and encodes to
 * the bytes that it came from. */
#include "base/bug.h"
#include "ext2_emit.h"
#include "layer.h"

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
    layer_release(&layer);
    return 0;
}
