/* SPDX-License-Identifier: Apache-2.0 */
#include "image_linear.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "image_object.h"
#include "image_packs.h"
#include "linear_image.h"

#include <stdlib.h>
#include <string.h>

struct build {
    const struct source *source;
    const struct image_request *request;
    struct layer *layers; /* borrowed from the source, and that of the slots */
    uint32_t n_layers;
    struct slot_layer slots;
    struct tree tree;
    struct file_layout files;
    struct linear_image image;
};

static void build_release(struct build *b)
{
    linear_image_release(&b->image);
    file_layout_release(&b->files);
    tree_release(&b->tree);
    slot_layer_release(&b->slots);
    free(b->layers);
}

bool image_linear_is(enum image_format format)
{
    return format == IMAGE_FAT || format == IMAGE_ISO9660;
}

/* Lays the slots over the tree. */
static int add_slots(struct build *b, struct error *err)
{
    if (slot_layer_init(&b->slots, &b->tree, b->request, err) != 0)
        return -1;
    b->layers[b->n_layers++] = b->slots.layer;
    tree_release(&b->tree);
    return tree_merge(b->layers, b->n_layers, &b->tree, err);
}

static int compose(struct build *b, struct error *err)
{
    bool is_fat = b->request->format == IMAGE_FAT;
    b->layers = calloc(b->source->n_layers + 1, sizeof(*b->layers));
    if (b->layers == NULL)
        return error_errno(err, "compose an image");
    for (; b->n_layers < b->source->n_layers; b->n_layers++)
        b->layers[b->n_layers] = b->source->layers[b->n_layers].layer;
    if (tree_merge(b->layers, b->n_layers, &b->tree, err) != 0 ||
        (b->request->n_patches > 0 && add_slots(b, err) != 0))
        return -1;
    tree_map_owners(&b->tree, &b->source->uids, &b->source->gids);
    if (file_layout_init(&b->files, &b->tree, is_fat ? FILE_LAYOUT_COPY : FILE_LAYOUT_SHARE, err) != 0)
        return -1;
    const struct linear_source source = {
        .tree = &b->tree, .files = &b->files, .slots = b->request->n_patches > 0 ? &b->slots : NULL};
    return is_fat ? fat_image_make(&source, &b->image, err) : iso_image_make(&source, &b->image, err);
}

static int list_extents(const struct build *b, struct extent_list *extents, struct error *err)
{
    uint64_t n_meta = b->image.size / EXTENT_ALIGN;
    if (extent_list_add(extents, 0, n_meta, 0, 0, err) != 0 ||
        file_layout_extents(&b->files, n_meta, b->source->n_layers, extents, err) != 0)
        return -1;
    extent_list_sort(extents);
    return 0;
}

/* The generated part, and behind it the table of slots. */
static int write_meta(const struct build *b, struct atomic_file *file, size_t *out_size, struct error *err)
{
    _cleanup_free_ void *table = NULL;
    size_t table_size = 0;
    *out_size = b->image.size;
    if (fd_write_all(file->fd, b->image.bytes, b->image.size, "the generated part", err) != 0)
        return -1;
    if (b->request->n_patches == 0)
        return 0;
    if (slot_table_encode(&b->image.table, &table, &table_size, err) != 0)
        return -1;
    *out_size += table_size;
    return fd_write_all(file->fd, table, table_size, "the generated part", err);
}

int image_linear_write(const struct store *store, struct source *source, const struct image_request *request,
                       const char *key, struct error *err)
{
    _cleanup_(build_release) struct build b = {.source = source, .request = request};
    _cleanup_(image_packs_release) struct image_packs packs = IMAGE_PACKS_NONE;
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_(extent_list_release) struct extent_list extents = EXTENT_LIST_NONE;
    size_t meta_size = 0;

    if (image_packs_ensure(store, source, &packs, err) != 0 || compose(&b, err) != 0 ||
        list_extents(&b, &extents, err) != 0 || atomic_file_begin(&file, store->img_fd, 0444, err) != 0 ||
        write_meta(&b, &file, &meta_size, err) != 0)
        return -1;
    const struct image_parts parts = {.format = request->format,
                                      .capacity = b.image.n_blocks * LAYER_BLOCK_SIZE,
                                      .meta_file = &file,
                                      .meta_size = meta_size,
                                      .extents = &extents,
                                      .pack_keys = (const char(*)[DIGEST_TEXT_SIZE])packs.keys,
                                      .n_packs = packs.n};
    return image_object_publish(store, key, &parts, err);
}
