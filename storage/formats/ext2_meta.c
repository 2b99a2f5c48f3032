/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Generated blocks lie in few regions: the start of each group, and the slots of each layer. The
 * regions stand side by side in one mapping of fresh pages, so that what is not touched costs nothing; a bit
 * for each block says which were.
 */
#include "ext2_meta.h"

#include "base/bug.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void add_region(struct ext2_meta *meta, uint64_t number, uint64_t n_blocks)
{
    if (n_blocks > 0)
        meta->regions[meta->n_regions++] = (struct ext2_region){.number = number, .n_blocks = n_blocks};
}

static int compare_regions(const void *a, const void *b)
{
    const struct ext2_region *ra = a, *rb = b;
    return (ra->number > rb->number) - (ra->number < rb->number);
}

/* Lists the regions in their order. Returns how many blocks they have. */
static uint64_t list_regions(struct ext2_meta *meta, const struct ext2_plan *plan)
{
    uint64_t n = 0;
    for (uint32_t group = 0; group < plan->n_groups; group++)
        add_region(meta, (uint64_t)group * EXT2_BLOCKS_PER_GROUP, ext2_plan_overhead(plan, group));
    for (uint32_t i = 0; i < plan->tree->n_layers; i++) {
        const struct ext2_layer_plan *layer = &plan->layers[i];
        for (uint64_t done = 0, run; done < layer->slots.n_blocks; done += run) {
            uint64_t number = ext2_plan_block(plan, layer->generated + done, &run);
            if (run > layer->slots.n_blocks - done)
                run = layer->slots.n_blocks - done;
            add_region(meta, number, run);
        }
    }
    qsort(meta->regions, meta->n_regions, sizeof(*meta->regions), compare_regions);
    for (uint32_t i = 0; i < meta->n_regions; i++) {
        meta->regions[i].at = n;
        n += meta->regions[i].n_blocks;
    }
    return n;
}

int ext2_meta_init(struct ext2_meta *meta, const struct ext2_plan *plan, struct error *err)
{
    *meta = EXT2_META_NONE;
    /* A layer's slots are cut at most once by each group. */
    meta->regions = calloc((size_t)plan->n_groups * 2 + plan->tree->n_layers, sizeof(*meta->regions));
    if (meta->regions == NULL)
        return error_errno(err, "write an image");
    uint64_t n = list_regions(meta, plan);
    meta->used = calloc(n / 8 + 1, 1);
    void *bytes = mmap(NULL, n * EXT2_BLOCK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED || meta->used == NULL || n > UINT32_MAX) {
        error_errno(err, "write an image");
        if (bytes != MAP_FAILED)
            munmap(bytes, n * EXT2_BLOCK_SIZE);
        ext2_meta_release(meta);
        return -1;
    }
    meta->bytes = bytes;
    meta->size = n * EXT2_BLOCK_SIZE;
    return 0;
}

static bool is_in(const struct ext2_region *region, uint64_t number)
{
    return number >= region->number && number - region->number < region->n_blocks;
}

static const struct ext2_region *find_region(struct ext2_meta *meta, uint64_t number)
{
    uint32_t low = 0, high = meta->n_regions;
    if (is_in(&meta->regions[meta->last_region], number))
        return &meta->regions[meta->last_region];
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (meta->regions[middle].number <= number)
            low = middle;
        else
            high = middle;
    }
    BUG_ON(!is_in(&meta->regions[low], number));
    meta->last_region = low;
    return &meta->regions[low];
}

uint8_t *ext2_meta_block(struct ext2_meta *meta, uint64_t number)
{
    const struct ext2_region *region = find_region(meta, number);
    uint64_t at = region->at + number - region->number;
    meta->used[at / 8] |= (uint8_t)(1u << at % 8);
    return meta->bytes + at * EXT2_BLOCK_SIZE;
}

int ext2_meta_finish(struct ext2_meta *meta, struct error *err)
{
    uint32_t n = 0;
    for (size_t i = 0; i < meta->size / EXT2_BLOCK_SIZE / 8 + 1; i++)
        n += (uint32_t)__builtin_popcount(meta->used[i]);
    meta->blocks = calloc(n + 1, sizeof(*meta->blocks));
    if (meta->blocks == NULL)
        return error_errno(err, "write an image");
    for (uint32_t i = 0; i < meta->n_regions; i++) {
        const struct ext2_region *region = &meta->regions[i];
        for (uint64_t at = region->at; at < region->at + region->n_blocks; at++)
            if ((meta->used[at / 8] & 1u << at % 8) != 0)
                meta->blocks[meta->n_blocks++] = (struct ext2_block){
                    .number = (uint32_t)(region->number + at - region->at), .at = (uint32_t)at};
    }
    return 0;
}

int ext2_meta_write(const struct ext2_meta *meta, int fd, struct error *err)
{
    for (uint32_t i = 0, next; i < meta->n_blocks; i = next) {
        for (next = i + 1; next < meta->n_blocks && meta->blocks[next].at == meta->blocks[next - 1].at + 1;
             next++)
            ;
        if (fd_write_all(fd, meta->bytes + (size_t)meta->blocks[i].at * EXT2_BLOCK_SIZE,
                         (size_t)(next - i) * EXT2_BLOCK_SIZE, "the generated part", err) != 0)
            return -1;
    }
    return 0;
}

int ext2_meta_add_extents(const struct ext2_meta *meta, uint32_t file, struct extent_list *list,
                          struct error *err)
{
    for (uint32_t i = 0; i < meta->n_blocks; i++)
        if (extent_list_add(list, meta->blocks[i].number, 1, file, i, err) != 0)
            return -1;
    return 0;
}

void ext2_meta_release(struct ext2_meta *meta)
{
    if (meta->bytes != NULL)
        munmap(meta->bytes, meta->size);
    free(meta->regions);
    free(meta->used);
    free(meta->blocks);
    *meta = EXT2_META_NONE;
}
