/* SPDX-License-Identifier: Apache-2.0 */
#include "image_build.h"

#include "base/cleanup.h"
#include "base/lock.h"
#include "image_compose.h"
#include "image_object.h"
#include "pack_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The packs are held open, so that a collector sees that they are needed before the image links them. */
struct pack_fds {
    int *fds;
    uint32_t n;
};

static void pack_fds_release(struct pack_fds *packs)
{
    for (uint32_t i = 0; i < packs->n; i++)
        close(packs->fds[i]);
    free(packs->fds);
}

static int ensure_packs(const struct store *store, struct source *source, struct pack_fds *packs,
                        struct error *err)
{
    packs->fds = calloc(source->n_layers, sizeof(int));
    if (packs->fds == NULL)
        return error_errno(err, "open the packs");
    for (uint32_t i = 0; i < source->n_layers; i++) {
        if (pack_store_ensure(store, &source->layers[i], &packs->fds[i], NULL, err) != 0)
            return -1;
        packs->n++;
    }
    return 0;
}

static int publish(const struct store *store, const struct source *source, const char *key, struct error *err)
{
    _cleanup_(composition_release) struct composition composition = COMPOSITION_NONE;
    _cleanup_(extent_list_release) struct extent_list extents = EXTENT_LIST_NONE;
    _cleanup_free_ char(*keys)[DIGEST_TEXT_SIZE] = calloc(source->n_layers, sizeof(*keys));

    if (keys == NULL)
        return error_errno(err, "build an image");
    for (uint32_t i = 0; i < source->n_layers; i++)
        memcpy(keys[i], source->layers[i].key, sizeof(keys[i]));
    if (composition_init(&composition, source, err) != 0 ||
        composition_pack_extents(&composition, &extents, err) != 0)
        return -1;
    const struct image_parts parts = {.format = IMAGE_EXT2,
                                      .capacity = composition_capacity(&composition),
                                      .meta = composition.meta.bytes,
                                      .meta_size = composition.meta.size,
                                      .extents = &extents,
                                      .pack_keys = (const char(*)[DIGEST_TEXT_SIZE])keys,
                                      .n_packs = source->n_layers};
    return image_object_publish(store, key, &parts, err);
}

int image_build(const struct store *store, struct source *source, const char *key, bool wait,
                struct error *err)
{
    _cleanup_(pack_fds_release) struct pack_fds packs = {0};
    _cleanup_close_ int lock = -1, collect_lock = -1;
    int failed = 0;

    if (lock_acquire(store->lock_fd, STORE_COLLECT_LOCK, LOCK_SHARED, true, &collect_lock, err) != 0 ||
        lock_acquire(store->lock_fd, key, LOCK_EXCLUSIVE, wait, &lock, err) != 0)
        return -1;
    if (lock < 0)
        return 0;
    if (faccessat(store->img_fd, key, F_OK, 0) != 0)
        failed = ensure_packs(store, source, &packs, err) != 0 || publish(store, source, key, err) != 0;
    lock_remove(store->lock_fd, key, &lock);
    return failed ? error_wrap(err, "build the image '%s'", key) : 0;
}
