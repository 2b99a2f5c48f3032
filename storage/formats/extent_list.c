/* SPDX-License-Identifier: Apache-2.0 */
#include "extent_list.h"

#include "base/array.h"
#include "base/bug.h"

#include <stdbool.h>
#include <stdlib.h>

/* Appends b to a if it goes on where a ends, in the image and in the file. */
static bool join(struct extent *a, const struct extent *b)
{
    if (a->file != b->file || a->off + a->len != b->off || a->file_off + a->len != b->file_off)
        return false;
    a->len += b->len;
    return true;
}

int extent_list_add(struct extent_list *list, uint64_t image_block, uint64_t n_blocks, uint32_t file,
                    uint64_t file_block, struct error *err)
{
    struct extent extent = {.off = image_block * EXTENT_ALIGN,
                            .len = n_blocks * EXTENT_ALIGN,
                            .file_off = file_block * EXTENT_ALIGN,
                            .file = file};
    if (n_blocks == 0 || (list->n > 0 && join(&list->extents[list->n - 1], &extent)))
        return 0;
    if (array_grow(&list->extents, &list->room, (size_t)list->n + 1, sizeof(extent), "an image's extents",
                   err) != 0)
        return -1;
    list->extents[list->n++] = extent;
    return 0;
}

static int compare_offsets(const void *a, const void *b)
{
    const struct extent *ea = a, *eb = b;
    return (ea->off > eb->off) - (ea->off < eb->off);
}

void extent_list_sort(struct extent_list *list)
{
    uint32_t kept = 0;
    if (list->n == 0)
        return;
    qsort(list->extents, list->n, sizeof(*list->extents), compare_offsets);
    for (uint32_t i = 1; i < list->n; i++) {
        BUG_ON(list->extents[i].off < list->extents[kept].off + list->extents[kept].len);
        if (!join(&list->extents[kept], &list->extents[i]))
            list->extents[++kept] = list->extents[i];
    }
    list->n = kept + 1;
}

void extent_list_release(struct extent_list *list)
{
    free(list->extents);
    *list = EXTENT_LIST_NONE;
}
