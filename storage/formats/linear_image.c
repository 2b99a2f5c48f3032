/* SPDX-License-Identifier: Apache-2.0 */
#include "linear_image.h"

#include <sys/mman.h>

uint32_t linear_image_slot(const struct linear_source *source, uint32_t node)
{
    const struct tree_node *n = &source->tree->nodes[node];
    if (source->slots == NULL || n->layer + 1 != source->tree->n_layers)
        return UINT32_MAX;
    return source->slots->patches[n->entry - source->slots->layer.entries];
}

int linear_image_init(struct linear_image *image, const struct linear_source *source, size_t size,
                      struct error *err)
{
    uint32_t n_slots = 0;
    for (uint32_t i = 0; source->slots != NULL && i < source->slots->layer.n_entries; i++)
        if (source->slots->patches[i] != UINT32_MAX && source->slots->patches[i] >= n_slots)
            n_slots = source->slots->patches[i] + 1;
    *image = LINEAR_IMAGE_NONE;
    if (slot_table_init(&image->table, n_slots, err) != 0)
        return -1;
    /* Fresh pages are zeros, as much of the generated part is. */
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "write an image");
    image->bytes = bytes;
    image->size = size;
    image->n_blocks = size / LAYER_BLOCK_SIZE;
    return 0;
}

void linear_image_release(struct linear_image *image)
{
    if (image->bytes != NULL)
        munmap(image->bytes, image->size);
    slot_table_release(&image->table);
    *image = LINEAR_IMAGE_NONE;
}
