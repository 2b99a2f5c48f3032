/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers-storage, as podman, buildah and CRI-O have it (github.com/containers/storage, images.go,
 * layers.go): overlay-images/images.json names the topmost layer of each image, overlay-layers/layers.json
 * each layer's parent, and a layer's files are in overlay/ID/diff. An image's configuration is one of its
 * "big data" files, whose names are "=" and Base64.
 */
#include "storage_reader.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static int compare_layers(const void *a, const void *b)
{
    return strcmp((*(const struct layer_record *const *)a)->id, (*(const struct layer_record *const *)b)->id);
}

/* Layers by id. */
struct layer_index {
    const struct layer_record **by_id;
    size_t n;
};

static const struct layer_record *find_layer(const struct layer_index *index, const char *id)
{
    const struct layer_record wanted = {.id = id}, *key = &wanted;
    const struct layer_record **found =
        bsearch(&key, index->by_id, index->n, sizeof(*index->by_id), compare_layers);
    return found == NULL ? NULL : *found;
}

/* Lists an image's layers from the lowest up. What is missing becomes the image's problem. */
static int add_layers(const char *dir, const struct layer_index *index, const char *top,
                      struct engine_image *image, struct error *err)
{
    _cleanup_free_ const struct layer_record **chain = calloc(index->n + 1, sizeof(*chain));
    size_t n = 0;
    if (chain == NULL)
        return error_errno(err, "list the layers of '%s'", image->name);
    for (const char *id = top; id != NULL; id = chain[n - 1]->parent) {
        const struct layer_record *layer = find_layer(index, id);
        if (layer == NULL || n == index->n) {
            error_set(&image->problem, ERROR_INPUT, "its layer '%s' %s", id,
                      layer == NULL ? "is not in the storage" : "is above itself");
            return 0;
        }
        chain[n++] = layer;
    }
    while (n-- > 0)
        if (storage_add_dir(image, chain[n]->diff_digest, err, "%s/overlay/%s/diff", dir, chain[n]->id) < 0)
            return -1;
    return 0;
}

/* Base64 of "sha256:" and an id, with "=" before it. */
static void name_config(const char *id, char name[104])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char text[IMAGE_DIGEST_LENGTH + 2] = IMAGE_DIGEST_PREFIX;
    char *at = name;
    memcpy(text + strlen(IMAGE_DIGEST_PREFIX), id, 65);
    *at++ = '=';
    for (size_t i = 0; i < IMAGE_DIGEST_LENGTH; i += 3) {
        unsigned bits = (unsigned)text[i] << 16 | (unsigned)text[i + 1] << 8 | text[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *at++ = alphabet[bits >> shift & 63];
    }
    /* 71 bytes: the last group of three lacks one. */
    at[-1] = '=';
    *at = '\0';
}

/* An image without a configuration, or with one that is not read, has no working directory: no harm. */
static int add_config(const char *dir, struct engine_image *image, struct image_documents *documents,
                      struct error *err)
{
    _cleanup_free_ char *text = NULL;
    struct image_config config;
    struct error ignored;
    size_t size;
    char name[104];
    name_config(image->id, name);
    if (storage_read(dir, &text, &size, &ignored, "overlay-images/%s/%s", image->id, name) < 0 ||
        image_documents_config(documents, text, size, &config, &ignored) < 0)
        return 0;
    return storage_set_working_dir(image, config.working_dir, err);
}

static int add_image(const char *dir, const struct layer_index *index, const struct image_record *record,
                     struct image_documents *documents, struct engine_images *images, struct error *err)
{
    struct engine_image *first =
        storage_add_image(images, record->names.n > 0 ? record->names.items[0] : NULL, record->id, err);
    if (first == NULL)
        return -1;
    if (record->layer == NULL)
        error_set(&first->problem, ERROR_INPUT, "it has no layers");
    else if (add_layers(dir, index, record->layer, first, err) < 0)
        return -1;
    if (add_config(dir, first, documents, err) < 0)
        return -1;
    size_t number = images->n - 1;
    for (size_t i = 1; i < record->names.n; i++) {
        struct engine_image *other = storage_add_image(images, record->names.items[i], record->id, err);
        if (other == NULL || storage_copy_layers(other, &images->items[number], err) < 0)
            return -1;
    }
    return 0;
}

static int read_layers(const char *dir, struct image_documents *documents, struct layer_index *index,
                       struct error *err)
{
    _cleanup_free_ char *text = NULL;
    struct layer_records layers;
    size_t size;
    if (storage_read(dir, &text, &size, err, "overlay-layers/layers.json") < 0)
        return -1;
    if (image_documents_layers(documents, text, size, &layers, err) < 0)
        return error_wrap(err, "'%s/overlay-layers/layers.json'", dir);
    index->by_id = calloc(layers.n + 1, sizeof(*index->by_id));
    if (index->by_id == NULL)
        return error_errno(err, "list the layers");
    for (size_t i = 0; i < layers.n; i++)
        index->by_id[index->n++] = &layers.items[i];
    if (index->n > 1)
        qsort(index->by_id, index->n, sizeof(*index->by_id), compare_layers);
    return 0;
}

static void layer_index_release(struct layer_index *index)
{
    free(index->by_id);
}

int podman_storage_list(const char *dir, struct engine_images *images, struct error *err)
{
    _cleanup_(image_documents_freep) struct image_documents *documents = image_documents_new(err);
    _cleanup_(layer_index_release) struct layer_index index = {.n = 0};
    _cleanup_free_ char *text = NULL;
    struct image_records records;
    size_t size;

    if (documents == NULL)
        return -1;
    if (storage_read(dir, &text, &size, err, "overlay-images/images.json") < 0)
        return -1;
    if (image_documents_images(documents, text, size, &records, err) < 0)
        return error_wrap(err, "'%s/overlay-images/images.json'", dir);
    if (records.n == 0)
        return 0;
    if (read_layers(dir, documents, &index, err) < 0)
        return -1;
    for (size_t i = 0; i < records.n; i++)
        if (add_image(dir, &index, &records.items[i], documents, images, err) < 0)
            return -1;
    return 0;
}
