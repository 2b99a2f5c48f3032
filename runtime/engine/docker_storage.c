/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's own storage (github.com/moby/moby, image/fs.go, layer/filestore.go):
 * image/overlay2/repositories.json gives names to images, imagedb/content/sha256/ID is an image's
 * configuration, layerdb/sha256/CHAIN/cache-id the name of a layer's directory in overlay2.
 */
#include "storage_reader.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads which directory a layer is in. */
static int read_cache_id(const char *dir, const char *chain, char **out, struct error *err)
{
    size_t size;
    if (storage_read(dir, out, &size, err, "image/overlay2/layerdb/sha256/%s/cache-id", chain) < 0)
        return -1;
    char *id = *out;
    id[strcspn(id, "\n")] = '\0';
    if (id[0] == '\0' || strlen(id) > 128 || strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") != strlen(id))
        return error_set(err, ERROR_INPUT, "the layer '%s' has the cache id \"%.80s\"", chain, id);
    return 0;
}

static int add_layers(const char *dir, const struct image_config *config, struct engine_image *image,
                      struct error *err)
{
    char chain[CHAIN_ID_SIZE] = "";
    for (size_t i = 0; i < config->diff_ids.n; i++) {
        _cleanup_free_ char *id = NULL;
        storage_chain_id(chain, config->diff_ids.items[i]);
        if (read_cache_id(dir, chain, &id, err) < 0 ||
            storage_add_dir(image, config->diff_ids.items[i], err, "%s/overlay2/%s/diff", dir, id) < 0)
            return -1;
    }
    return storage_set_working_dir(image, config->working_dir, err);
}

/* Reads about an image; what fails is its problem. */
static void fill_image(const char *dir, struct image_documents *documents, struct engine_image *image)
{
    _cleanup_free_ char *text = NULL;
    struct image_config config;
    size_t size;
    if (storage_read(dir, &text, &size, &image->problem, "image/overlay2/imagedb/content/sha256/%s",
                     image->id) < 0 ||
        image_documents_config(documents, text, size, &config, &image->problem) < 0 ||
        add_layers(dir, &config, image, &image->problem) < 0)
        return;
    if (image->n_dirs == 0)
        error_set(&image->problem, ERROR_INPUT, "it has no layers");
}

int docker_storage_list(const char *dir, struct engine_images *images, struct error *err)
{
    _cleanup_(image_documents_freep) struct image_documents *documents = image_documents_new(err);
    _cleanup_free_ char *text = NULL;
    struct image_records records;
    size_t size;

    if (documents == NULL)
        return -1;
    if (storage_read(dir, &text, &size, err, "image/overlay2/repositories.json") < 0)
        /* A docker that has never had an image has no names either. */
        return err->errnum == ENOENT ? 0 : -1;
    if (image_documents_repositories(documents, text, size, &records, err) < 0)
        return error_wrap(err, "'%s/image/overlay2/repositories.json'", dir);
    for (size_t i = 0; i < records.n; i++) {
        const struct image_record *record = &records.items[i];
        for (size_t k = 0; k < record->names.n || k == 0; k++) {
            struct engine_image *image = storage_add_image(
                images, record->names.n > 0 ? record->names.items[k] : NULL, record->id, err);
            if (image == NULL)
                return -1;
            fill_image(dir, documents, image);
        }
    }
    return 0;
}
