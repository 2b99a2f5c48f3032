/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/image.h"

#include "background.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "ext2_patch.h"
#include "image_build.h"
#include "image_compose.h"
#include "image_direct.h"
#include "image_linear.h"
#include "image_object.h"
#include "image_raw.h"
#include "slot_layer.h"
#include "slot_table.h"
#include "source.h"
#include "source_archive.h"
#include "source_stack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a finished image may vanish under a collector before that is an error. */
#define OPEN_ATTEMPTS 10

/* Patches are part of an archive; of other images only the room for them is, of ext2 not even that. */
static void add_patch(struct digest *digest, const struct image_patch *patch, bool is_slot)
{
    digest_add_field(digest, patch->path, strlen(patch->path));
    if (is_slot) {
        const uint64_t n_blocks = slot_layer_blocks(patch);
        digest_add(digest, &n_blocks, sizeof(n_blocks));
    } else {
        digest_add_field(digest, patch->data, patch->size);
    }
}

static void derive_key(const struct source *source, const struct image_request *request,
                       char key[STORE_KEY_SIZE])
{
    const uint64_t fields[] = {IMAGE_WRITER_VERSION, request->format, source->n_layers};
    struct digest digest;
    uint8_t raw[DIGEST_SIZE];

    digest_init(&digest);
    digest_add(&digest, fields, sizeof(fields));
    for (uint32_t i = 0; i < source->n_layers; i++)
        digest_add(&digest, source->layers[i].key, DIGEST_TEXT_SIZE - 1);
    source_add_id_maps(source, &digest);
    for (size_t i = 0; request->format != IMAGE_EXT2 && i < request->n_patches; i++)
        add_patch(&digest, &request->patches[i], image_linear_is(request->format));
    digest_finish(&digest, raw);
    digest_format(raw, key);
}

/* Opens the image from the store, after building it if need be. */
static int open_built(const struct store *store, struct source *source, const struct image_request *request,
                      const char *key, struct image *out, struct error *err)
{
    for (int i = 0; i < OPEN_ATTEMPTS; i++) {
        if (image_build(store, source, request, key, true, err) != 0 ||
            image_object_open(store, key, out, err) != 0)
            return -1;
        if (out->n_data_fds > 0)
            return 0;
    }
    return error_set(err, ERROR_STATE, "the image '%s' was removed each time it was built", key);
}

/* Ensures that the tables of all layers that the store has no pack of are there. *out_merged: one of them
 * cannot be read layer by layer. */
static int scan_layers(const struct store *store, struct source *source, bool *out_merged, struct error *err)
{
    *out_merged = false;
    for (uint32_t i = 0; i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        if (layer->has_table || faccessat(store->data_fd, layer->key, F_OK, 0) == 0)
            continue;
        if (source_layer_scan(layer, err) != 0)
            return -1;
        *out_merged |= layer->needs_merged_view;
    }
    return 0;
}

/* What the builder in the background needs. */
struct build_job {
    const struct store *store;
    struct source *source;
    const struct image_request *request;
    const char *key;
    struct image_fill *fill;
};

/* That it fails costs the next container time. What is not filled then fails to be read. */
static void build_quietly(void *argument)
{
    struct build_job *job = argument;
    struct error ignored;
    image_fill_run(job->fill, &ignored);
    image_fill_release(job->fill);
    background_yield();
    image_build(job->store, job->source, job->request, job->key, false, &ignored);
}

/* Fills and builds the image while its first container already runs. */
static int build_in_background(const struct store *store, struct source *source,
                               const struct image_request *request, const char *key, struct image_fill *fill,
                               struct error *err)
{
    struct build_job job = {store, source, request, key, fill};
    struct error ignored;
    size_t n = 0;
    _cleanup_free_ int *fds = calloc(source->n_layers + 6, sizeof(int));
    if (fds == NULL)
        return error_errno(err, "build an image in the background");
    fds[n++] = store->data_fd;
    fds[n++] = store->img_fd;
    fds[n++] = store->lock_fd;
    fds[n++] = store->verified_fd;
    for (uint32_t i = 0; i < source->n_layers; i++)
        fds[n++] = source->layers[i].dirfd;
    if (fill->file_fd >= 0) {
        fds[n++] = fill->file_fd;
        fds[n++] = fill->pipe_fd;
    }
    if (background_run(build_quietly, &job, fds, n, &ignored) == 0)
        return 0;
    return image_fill_run(fill, err);
}

/* Looks in the store, under the key that follows from the source. */
static int find_image(const struct store *store, const struct source *source,
                      const struct image_request *request, char key[STORE_KEY_SIZE], struct image *out,
                      struct error *err)
{
    derive_key(source, request, key);
    if (image_object_open(store, key, out, err) != 0)
        return -1;
    out->was_ready = out->n_data_fds > 0;
    return 0;
}

/* Of layers that were unpacked from archives whose packs are there, none need be made; and perhaps the image
 * was made from the archives already: then it gets the key that follows from the directories, too. */
static int adopt(const struct store *store, const struct image_request *request, struct source *source,
                 const char *key, struct image *out, struct error *err)
{
    char prepared[STORE_KEY_SIZE];
    size_t n = 0;
    if (source_adopt_archives(source, store, request->archives, &n, err) != 0)
        return -1;
    if (n == 0)
        return 0;
    derive_key(source, request, prepared);
    if (image_object_link(store, prepared, key, err) != 0 || image_object_open(store, key, out, err) != 0)
        return -1;
    out->was_ready = out->n_data_fds > 0;
    return 0;
}

/* Finds the source of a request, and its image if the store has it; else all the source's tables are read. */
static int open_source(const struct store *store, const struct image_request *request, struct source *source,
                       char key[STORE_KEY_SIZE], struct image *out, struct error *err)
{
    bool merged;
    int failed = request->stack != NULL
                     ? source_open_stack(store, request->stack, request->progress, source, err)
                     : source_open(request->rootfs, source, err);
    if (failed != 0)
        return -1;
    source->uids = request->uids;
    source->gids = request->gids;
    if (find_image(store, source, request, key, out, err) != 0)
        return -1;
    if (out->was_ready)
        return 0;
    if (scan_layers(store, source, &merged, err) != 0)
        return -1;
    if (!merged)
        return adopt(store, request, source, key, out, err);
    source_release(source);
    if (source_open_merged(request->rootfs, source, err) != 0)
        return -1;
    source->uids = request->uids;
    source->gids = request->gids;
    return find_image(store, source, request, key, out, err);
}

static int open_image(const struct store *store, const struct image_request *request, struct image *out,
                      struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    _cleanup_(image_fill_release) struct image_fill fill = IMAGE_FILL_NONE;
    char key[STORE_KEY_SIZE];

    if (request->format == IMAGE_RAW)
        return image_raw_open(request, out, err);
    if (open_source(store, request, &source, key, out, err) != 0)
        return -1;
    if (out->was_ready)
        return 0;
    if (request->format != IMAGE_EXT2 || !image_direct_helps(store, &source))
        return open_built(store, &source, request, key, out, err);
    if (image_direct_open(store, &source, key, out, &fill, err) != 0)
        return -1;
    return build_in_background(store, &source, request, key, &fill, err);
}

/* Lets whoever asked see how the layers get packed that are not yet. */
static void show_progress(const struct store *store, struct source *source, struct image_progress *progress)
{
    for (uint32_t i = 0; progress != NULL && i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        layer->progress = progress;
        if (faccessat(store->data_fd, layer->key, F_OK, 0) != 0)
            progress->total_bytes += layer->layer.n_blocks * LAYER_BLOCK_SIZE;
    }
}

int image_prepare(struct store *store, const struct image_request *request, struct image *out,
                  struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    char key[STORE_KEY_SIZE];

    if (request->format == IMAGE_RAW)
        return image_raw_open(request, out, err);
    int failed = open_source(store, request, &source, key, &image, err);
    if (failed == 0 && !image.was_ready) {
        show_progress(store, &source, request->progress);
        failed = open_built(store, &source, request, key, &image, err);
    }
    if (failed != 0)
        return error_wrap(err, "prepare an image of '%s' in the store '%s'", request->rootfs, store->path);
    *out = image;
    image = IMAGE_NONE;
    return 0;
}

/* Makes the patches of a request for an open image. */
static int add_patches(const struct image_request *request, struct image *image, struct error *err)
{
    if (request->n_patches == 0 || request->format == IMAGE_TAR || request->format == IMAGE_CPIO ||
        request->format == IMAGE_RAW)
        return 0;
    if (image_linear_is(request->format))
        return slot_table_fill(image->data_fds[0], request->patches, request->n_patches, &image->patches_fd,
                               err);
    size_t size = image->n_extents * sizeof(struct extent);
    _cleanup_free_ struct extent *extents = malloc(size + 1);
    if (extents == NULL)
        return error_errno(err, "read the extents");
    if (fd_read_exactly_at(image->extents_fd, extents, size, 0, "the extents", err) != 0)
        return -1;
    const struct ext2_source source = {.meta_fds = image->data_fds,
                                       .n_meta_fds = image->n_meta_fds,
                                       .extents = extents,
                                       .n_extents = image->n_extents};
    return ext2_patch(&source, request->patches, request->n_patches, &image->patches_fd, err);
}

int image_open(struct store *store, const struct image_request *request, struct image *out, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    if (open_image(store, request, &image, err) != 0 || add_patches(request, &image, err) != 0)
        return error_wrap(err, "make an image of '%s'", request->rootfs);
    *out = image;
    image = IMAGE_NONE;
    return 0;
}

void image_release(struct image *image)
{
    cleanup_close(&image->extents_fd);
    cleanup_close(&image->patches_fd);
    cleanup_close(&image->filling_fd);
    for (size_t i = 0; i < image->n_data_fds; i++)
        cleanup_close(&image->data_fds[i]);
    free(image->data_fds);
    *image = IMAGE_NONE;
}
