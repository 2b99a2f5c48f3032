/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI image layout (image-spec, image-layout.md): index.json names manifests, everything else is a blob.
 * An image is called by the annotation org.opencontainers.image.ref.name, which is often a tag and no more,
 * and by the whole name that containerd adds. Several entries of one name are one image for several machines.
 */
#include "storage_reader.h"

#include "base/cleanup.h"
#include "blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const name_annotations[] = {"org.opencontainers.image.ref.name",
                                               "io.containerd.image.name"};
#define N_NAMES (sizeof(name_annotations) / sizeof(name_annotations[0]))

static const struct {
    const char *name;
    enum image_compression compression;
} media_types[] = {
    {"application/vnd.oci.image.layer.v1.tar", IMAGE_UNCOMPRESSED},
    {"application/vnd.oci.image.layer.v1.tar+gzip", IMAGE_GZIP},
    {"application/vnd.oci.image.layer.v1.tar+zstd", IMAGE_ZSTD},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", IMAGE_UNCOMPRESSED},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", IMAGE_GZIP},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", IMAGE_ZSTD},
    {"application/vnd.docker.image.rootfs.diff.tar", IMAGE_UNCOMPRESSED},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", IMAGE_GZIP},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", IMAGE_GZIP},
};

struct reading {
    struct blob_store blobs;
    struct image_documents *documents;
    struct engine_images *images;
};

static int find_compression(const struct image_descriptor *layer, enum image_compression *out,
                            struct error *err)
{
    for (size_t i = 0; layer->media_type != NULL && i < sizeof(media_types) / sizeof(media_types[0]); i++) {
        if (strcmp(layer->media_type, media_types[i].name) == 0) {
            *out = media_types[i].compression;
            return 0;
        }
    }
    return error_set(err, ERROR_REFUSED, "its layer '%s' has the media type \"%.80s\", which is no archive's",
                     layer->digest, layer->media_type != NULL ? layer->media_type : "");
}

static int add_archive(const struct reading *r, const struct image_descriptor *layer, const char *diff_id,
                       struct engine_image *image, struct error *err)
{
    struct engine_archive *archive = &image->archives[image->n_archives];
    *archive = (struct engine_archive){.size = layer->size};
    if (find_compression(layer, &archive->compression, err) < 0 ||
        blob_store_find(&r->blobs, layer, &archive->path, &archive->off, err) < 0)
        return -1;
    image->n_archives++;
    snprintf(archive->name, sizeof(archive->name), "%s", layer->digest);
    snprintf(archive->digest, sizeof(archive->digest), "%s", layer->digest + strlen(IMAGE_DIGEST_PREFIX));
    snprintf(archive->diff_id, sizeof(archive->diff_id), "%s", diff_id + strlen(IMAGE_DIGEST_PREFIX));
    return 0;
}

static int add_layers(const struct reading *r, const struct image_manifest *manifest,
                      const struct image_config *config, struct engine_image *image, struct error *err)
{
    if (manifest->n_layers == 0 || manifest->n_layers != config->diff_ids.n)
        return error_set(err, ERROR_INPUT, "it has %zu layers, and its configuration tells of %zu",
                         manifest->n_layers, config->diff_ids.n);
    image->archives = calloc(manifest->n_layers, sizeof(*image->archives));
    if (image->archives == NULL)
        return error_errno(err, "list its layers");
    for (size_t i = 0; i < manifest->n_layers; i++)
        if (add_archive(r, &manifest->layers[i], config->diff_ids.items[i], image, err) < 0)
            return -1;
    return storage_set_working_dir(image, config->working_dir, err);
}

static int fill_image(const struct reading *r, const struct image_descriptor *descriptor,
                      struct engine_image *image, struct error *err)
{
    struct image_manifest manifest;
    struct image_config config;
    if (!blob_is_for_here(&descriptor->platform))
        return error_set(err, ERROR_INPUT, "it is for %s on %s",
                         descriptor->platform.os != NULL ? descriptor->platform.os : "any system",
                         descriptor->platform.architecture != NULL ? descriptor->platform.architecture
                                                                   : "any machine");
    if (blob_read_manifest(&r->blobs, descriptor->digest, r->documents, &manifest, err) < 0 ||
        blob_read_config(&r->blobs, &manifest, r->documents, &config, err) < 0)
        return -1;
    free(image->id);
    image->id = strdup(manifest.config.digest + strlen(IMAGE_DIGEST_PREFIX));
    if (image->id == NULL)
        return error_errno(err, "list its layers");
    return add_layers(r, &manifest, &config, image, err);
}

static const char *name_of(const struct image_descriptor *descriptor, size_t which)
{
    return config_map_find(&descriptor->annotations, name_annotations[which]);
}

/* Whether another entry of the same name is for this machine, and this one is not. */
static bool is_for_others(const struct image_manifest *index, size_t number, size_t which)
{
    const struct image_descriptor *descriptor = &index->manifests[number];
    const char *name = name_of(descriptor, which);
    if (blob_is_for_here(&descriptor->platform))
        return false;
    for (size_t i = 0; i < index->n_manifests; i++) {
        const char *other = name_of(&index->manifests[i], which);
        if (blob_is_for_here(&index->manifests[i].platform) &&
            (name == NULL ? other == NULL : other != NULL && strcmp(name, other) == 0))
            return true;
    }
    return false;
}

static int add_image(const struct reading *r, const struct image_manifest *index, size_t number, size_t which,
                     struct error *err)
{
    const struct image_descriptor *descriptor = &index->manifests[number];
    const char *name = name_of(descriptor, which);
    if (is_for_others(index, number, which))
        return 0;
    struct engine_image *image =
        storage_add_image(r->images, name, descriptor->digest + strlen(IMAGE_DIGEST_PREFIX), err);
    if (image == NULL)
        return -1;
    /* A layout was made to be used: what has no name is no step of a build. */
    image->is_named = true;
    if (fill_image(r, descriptor, image, &image->problem) == 0)
        image->problem.kind = ERROR_NONE;
    return 0;
}

static int list_images(const struct reading *r, struct error *err)
{
    _cleanup_free_ char *layout = NULL, *text = NULL;
    struct image_manifest index;
    size_t size;
    if (blob_store_read(&r->blobs, "oci-layout", &layout, &size, err) < 0 ||
        image_documents_layout(r->documents, layout, size, err) < 0 ||
        blob_store_read(&r->blobs, "index.json", &text, &size, err) < 0)
        return -1;
    if (image_documents_manifest(r->documents, text, size, &index, err) < 0)
        return error_wrap(err, "'index.json'");
    for (size_t i = 0; i < index.n_manifests; i++) {
        bool has_name = false;
        for (size_t which = 0; which < N_NAMES; which++) {
            const char *name = name_of(&index.manifests[i], which), *first = name_of(&index.manifests[i], 0);
            if (name == NULL || (which > 0 && first != NULL && strcmp(first, name) == 0))
                continue;
            has_name = true;
            if (add_image(r, &index, i, which, err) < 0)
                return -1;
        }
        if (!has_name && add_image(r, &index, i, 0, err) < 0)
            return -1;
    }
    return 0;
}

int layout_list(const char *dir, struct engine_images *images, struct error *err)
{
    _cleanup_(image_documents_freep) struct image_documents *documents = image_documents_new(err);
    struct reading reading = {.documents = documents, .images = images, .blobs = BLOB_STORE_NONE};
    if (documents == NULL || blob_store_open(dir, &reading.blobs, err) < 0)
        return -1;
    int result = list_images(&reading, err);
    blob_store_release(&reading.blobs);
    return result;
}
