/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as each of the documents: digests and ids that are handed out can be part of a path. */
#include "oci-spec/image_documents.h"

#include "base/bug.h"
#include "base/cleanup.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const char *id)
{
    BUG_ON(id != NULL && (strlen(id) != 64 || strspn(id, "0123456789abcdef") != 64));
}

static void check_digest(const char *digest)
{
    if (digest == NULL)
        return;
    BUG_ON(strlen(digest) != IMAGE_DIGEST_LENGTH);
    check_id(digest + strlen(IMAGE_DIGEST_PREFIX));
}

static void check_images(const struct image_records *images)
{
    for (size_t i = 0; i < images->n; i++) {
        BUG_ON(images->items[i].id == NULL);
        check_id(images->items[i].id);
        check_id(images->items[i].layer);
        for (size_t k = 0; k < images->items[i].names.n; k++)
            BUG_ON(images->items[i].names.items[k] == NULL);
    }
}

static void check_manifest(const struct image_manifest *manifest)
{
    check_digest(manifest->config.digest);
    for (size_t i = 0; i < manifest->n_layers; i++)
        check_digest(manifest->layers[i].digest);
    for (size_t i = 0; i < manifest->n_manifests; i++)
        check_digest(manifest->manifests[i].digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *json = (const char *)data;
    struct error err = {0};
    _cleanup_(image_documents_freep) struct image_documents *documents = image_documents_new(&err);
    struct image_manifest manifest;
    struct image_records images;
    struct layer_records layers;
    struct image_config config;

    BUG_ON(documents == NULL);
    if (image_documents_manifest(documents, json, size, &manifest, &err) == 0)
        check_manifest(&manifest);
    if (image_documents_images(documents, json, size, &images, &err) == 0)
        check_images(&images);
    if (image_documents_repositories(documents, json, size, &images, &err) == 0)
        check_images(&images);
    if (image_documents_layers(documents, json, size, &layers, &err) == 0) {
        for (size_t i = 0; i < layers.n; i++) {
            check_id(layers.items[i].id);
            check_id(layers.items[i].parent);
            check_digest(layers.items[i].diff_digest);
        }
    }
    if (image_documents_config(documents, json, size, &config, &err) == 0) {
        BUG_ON(config.working_dir != NULL && config.working_dir[0] != '/');
        for (size_t i = 0; i < config.diff_ids.n; i++)
            check_digest(config.diff_ids.items[i]);
    }
    return 0;
}
