/* SPDX-License-Identifier: Apache-2.0 */
#include "pack_store.h"

#include "base/cleanup.h"
#include "base/lock.h"
#include "verified.h"

#include <errno.h>
#include <fcntl.h>

int pack_store_open(const struct store *store, const char *key, int *out_fd, struct error *err)
{
    *out_fd = openat(store->data_fd, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*out_fd < 0 && errno != ENOENT)
        return error_errno(err, "open the pack '%s'", key);
    return 0;
}

int pack_store_publish(const struct store *store, struct atomic_file *file, const char *key, int *out_fd,
                       struct error *err)
{
    struct verified_file seen;
    bool existed = false;
    int failed = atomic_file_commit(file, key, ATOMIC_FILE_KEEP, &existed, err);
    /* Opened anew: nobody shall hold a pack open for writing. */
    atomic_file_release(file);
    if (failed != 0 || pack_store_open(store, key, out_fd, err) != 0)
        return -1;
    if (existed || *out_fd < 0)
        return 0;
    verified_enable_verity(*out_fd);
    if (verified_file_at(*out_fd, "", &seen))
        verified_add(store, key, &seen, 1);
    return 0;
}

static int build(const struct store *store, struct source_layer *layer, int *out_fd, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    struct image_progress *progress = layer->progress;
    if (source_layer_scan(layer, err) != 0)
        return -1;
    const struct layer_copy_source source = {.dirfd = layer->dirfd,
                                             .layer = &layer->layer,
                                             .copied_bytes = progress != NULL ? &progress->done_bytes : NULL};
    if (progress != NULL && progress->begin_layer != NULL)
        progress->begin_layer(progress->context, layer->path, layer->layer.n_blocks * LAYER_BLOCK_SIZE);
    if (atomic_file_begin(&file, store->data_fd, 0444, err) != 0 ||
        pack_write(file.fd, &source, layer->path, err) != 0 || source_layer_check(layer, err) != 0 ||
        pack_store_publish(store, &file, layer->key, out_fd, err) != 0)
        return error_wrap(err, "build the pack '%s'", layer->key);
    return 0;
}

int pack_store_ensure(const struct store *store, struct source_layer *layer, int *out_fd, bool *out_built,
                      struct error *err)
{
    _cleanup_close_ int fd = -1, lock = -1;
    bool built = false;

    if (pack_store_open(store, layer->key, &fd, err) != 0)
        return -1;
    if (fd < 0) {
        if (lock_acquire(store->lock_fd, layer->key, LOCK_EXCLUSIVE, true, &lock, err) != 0 ||
            pack_store_open(store, layer->key, &fd, err) != 0)
            return -1;
        built = fd < 0;
        int failed = built ? build(store, layer, &fd, err) : 0;
        lock_remove(store->lock_fd, layer->key, &lock);
        if (failed != 0)
            return -1;
        if (fd < 0)
            return error_set(err, ERROR_STATE, "the pack '%s' was removed as soon as it was built",
                             layer->key);
    }
    if (!layer->has_table) {
        if (pack_load(fd, &layer->layer, err) != 0)
            return error_wrap(err, "read the pack '%s'", layer->key);
        layer->has_table = true;
    }
    if (out_built != NULL)
        *out_built = built;
    *out_fd = take_fd(&fd);
    return 0;
}

int pack_store_check(const struct store *store, const char *key, int fd, struct error *err)
{
    struct verified_file seen;
    bool is_seen = verified_file_at(fd, "", &seen);
    if (is_seen && verified_find(store, key, &seen, 1))
        return 0;
    if (pack_verify(fd, err) != 0)
        return error_wrap(err, "the pack '%s' of the store '%s' is damaged", key, store->path);
    if (is_seen)
        verified_add(store, key, &seen, 1);
    return 0;
}
