/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. That an engine says from which archive it has unpacked a directory is not enough to take one for
 * the other: it may have changed owners for a user namespace, or not be finished. So every entry is compared,
 * names, attributes and sizes; only the contents go by the engine's word, as those of its directories always
 * do.
 */
#include "source_archive.h"

#include "archive_pack.h"
#include "base/cleanup.h"
#include "base/lock.h"
#include "pack_store.h"

#include <string.h>
#include <sys/stat.h>

/* What is opened from here on stays in the store as long as the source is open. */
static int hold_packs(struct source *source, const struct store *store, struct error *err)
{
    if (source->collect_lock >= 0)
        return 0;
    return lock_acquire(store->lock_fd, STORE_COLLECT_LOCK, LOCK_SHARED, true, &source->collect_lock, err);
}

/* What podman makes where nothing is said; docker and containerd have a root of their own above it. */
#define ROOT_MODE (S_IFDIR | 0555)

/* A root that is implied has the attributes of the one below, as podman makes it. */
static void settle_root(struct layer *layer, const struct layer_entry *below)
{
    struct layer_entry *root = &layer->entries[0];
    if ((root->flags & LAYER_IMPLIED) == 0)
        return;
    root->flags &= ~(uint32_t)LAYER_IMPLIED;
    root->mode = below != NULL ? below->mode : ROOT_MODE;
    root->uid = below != NULL ? below->uid : 0;
    root->gid = below != NULL ? below->gid : 0;
}

int source_add_archive(struct source *source, const struct store *store, const struct image_archive *archive,
                       struct image_progress *progress, struct error *err)
{
    struct source_layer *layer = NULL;
    if (hold_packs(source, store, err) != 0 || source_add_named(source, archive->name, &layer, err) != 0)
        return -1;
    archive_pack_key(archive->diff_id, layer->key);
    layer->is_lasting = true;
    if (archive_pack_ensure(store, archive, progress, &layer->pack_fd, err) != 0)
        return -1;
    if (pack_load(layer->pack_fd, &layer->layer, err) != 0)
        return error_wrap(err, "read the pack '%s'", layer->key);
    layer->has_table = true;
    settle_root(&layer->layer, source->n_layers > 1 ? &layer[-1].layer.entries[0] : NULL);
    return 0;
}

static bool is_same_text(const struct layer *a, uint32_t a_text, const struct layer *b, uint32_t b_text,
                         size_t size)
{
    return memcmp(a->strings + a_text, b->strings + b_text, size) == 0;
}

/* Whether an entry of a directory is that of an archive, whose times may not be known. */
static bool is_same_entry(const struct layer *dir, const struct layer *archive, uint32_t i)
{
    const struct layer_entry *d = &dir->entries[i], *a = &archive->entries[i];
    struct layer_entry expected = *a;
    expected.name = d->name;
    expected.target = d->target;
    if (a->mtime == LAYER_NO_TIME)
        expected.mtime = d->mtime;
    return memcmp(&expected, d, sizeof(expected)) == 0 &&
           is_same_text(dir, d->name, archive, a->name, d->name_size) &&
           is_same_text(dir, d->target, archive, a->target, d->target_size);
}

static bool has_same_xattrs(const struct layer *dir, const struct layer *archive)
{
    struct digest digests[2];
    uint8_t raw[2][DIGEST_SIZE];
    for (int i = 0; i < 2; i++) {
        digest_init(&digests[i]);
        layer_xattrs_digest(i == 0 ? dir : archive, &digests[i]);
        digest_finish(&digests[i], raw[i]);
    }
    return memcmp(raw[0], raw[1], DIGEST_SIZE) == 0;
}

/* Whether a directory's layer is an archive's, whose root takes what it does not say from the directory. */
static bool is_same(const struct layer *dir, struct layer *archive)
{
    bool same = dir->n_entries == archive->n_entries && dir->n_blocks == archive->n_blocks &&
                dir->n_segments == 0 && archive->n_segments == 0;
    if (same)
        settle_root(archive, &dir->entries[0]);
    for (uint32_t i = 0; same && i < dir->n_entries; i++)
        same = is_same_entry(dir, archive, i);
    return same && has_same_xattrs(dir, archive);
}

static int adopt(struct source_layer *layer, const struct store *store, const char *diff_id, size_t *out_n,
                 struct error *err)
{
    _cleanup_(layer_release) struct layer table = LAYER_NONE;
    _cleanup_close_ int fd = -1;
    char key[STORE_KEY_SIZE];
    archive_pack_key(diff_id, key);
    if (pack_store_open(store, key, &fd, err) != 0)
        return -1;
    if (fd < 0)
        return 0;
    if (pack_load(fd, &table, err) != 0)
        return error_wrap(err, "read the pack '%s'", key);
    if (!is_same(&layer->layer, &table))
        return 0;
    layer_release(&layer->layer);
    layer->layer = table;
    table = LAYER_NONE;
    memcpy(layer->key, key, sizeof(layer->key));
    layer->pack_fd = take_fd(&fd);
    (*out_n)++;
    return 0;
}

int source_adopt_archives(struct source *source, const struct store *store,
                          const struct image_archives *archives, size_t *out_n, struct error *err)
{
    *out_n = 0;
    if (archives == NULL || !archive_pack_any(store))
        return 0;
    if (hold_packs(source, store, err) != 0)
        return -1;
    for (uint32_t i = 0; i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        char diff_id[STORE_KEY_SIZE];
        if (!layer->has_table || !layer->is_lasting || layer->dirfd < 0 ||
            faccessat(store->data_fd, layer->key, F_OK, 0) == 0 ||
            !archives->find(archives->context, layer->path, diff_id))
            continue;
        if (adopt(layer, store, diff_id, out_n, err) != 0)
            return -1;
    }
    return 0;
}
