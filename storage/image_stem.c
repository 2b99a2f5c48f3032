/* SPDX-License-Identifier: Apache-2.0 */
#include "image_stem.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/lock.h"
#include "layer_copy.h"
#include "pack_store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A stem pays when it saves more than the descriptor and the extents that it costs each image. */
#define CUT_BLOCKS 64u

/* How many blocks a layer adds to the generated ones, at most. */
static uint64_t weigh(const struct composition *c, uint32_t layer)
{
    return c->plan.layers[layer].slots.n_blocks + c->layers[layer].n_entries / EXT2_INODES_PER_BLOCK;
}

static void derive_key(const struct source *source, uint32_t n_layers, char key[DIGEST_TEXT_SIZE])
{
    struct digest digest;
    uint8_t raw[DIGEST_SIZE];
    const uint64_t version = IMAGE_WRITER_VERSION;

    digest_init(&digest);
    digest_add_field(&digest, "stem", 4);
    digest_add(&digest, &version, sizeof(version));
    for (uint32_t i = 0; i < n_layers; i++)
        digest_add(&digest, source->layers[i].key, DIGEST_TEXT_SIZE - 1);
    source_add_id_maps(source, &digest);
    digest_finish(&digest, raw);
    digest_format(raw, key);
}

static void stem_release(struct stem *stem)
{
    if (stem->bytes != NULL)
        munmap(stem->bytes, (size_t)stem->n_blocks * EXT2_BLOCK_SIZE);
    free(stem->numbers);
    cleanup_close(&stem->fd);
}

void stem_list_release(struct stem_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        stem_release(&list->stems[i]);
    free(list->stems);
    *list = STEM_LIST_NONE;
}

static int load(struct stem *stem, struct error *err)
{
    struct pack_trailer trailer;
    _cleanup_free_ void *table = NULL;
    if (pack_load_table(stem->fd, PACK_STEM, &trailer, &table, err) != 0)
        return error_wrap(err, "read the stem '%s'", stem->key);
    if (trailer.n_blocks == 0 || trailer.table_size != trailer.n_blocks * sizeof(uint32_t))
        return error_set(err, ERROR_INPUT, "read the stem '%s': its table is damaged", stem->key);
    void *bytes = mmap(NULL, trailer.n_blocks * EXT2_BLOCK_SIZE, PROT_READ, MAP_PRIVATE, stem->fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "read the stem '%s'", stem->key);
    stem->bytes = bytes;
    stem->numbers = take_ptr(table);
    stem->n_blocks = (uint32_t)trailer.n_blocks;
    return 0;
}

/* Writes those blocks of a composition that the stems below do not have. */
static int write_stem(const struct stem_list *below, const struct ext2_meta *meta, int fd, struct error *err)
{
    _cleanup_free_ uint32_t *numbers = calloc(meta->n_blocks + 1, sizeof(*numbers));
    _cleanup_free_ uint8_t(*digests)[DIGEST_SIZE] =
        calloc(layer_count_chunks(meta->n_blocks) + 1, DIGEST_SIZE);
    struct digest digest;
    uint32_t n = 0, stem, at;
    if (numbers == NULL || digests == NULL)
        return error_errno(err, "write a stem");
    digest_init(&digest);
    for (uint32_t i = 0; i < meta->n_blocks; i++) {
        const uint8_t *bytes = meta->bytes + (size_t)meta->blocks[i].at * EXT2_BLOCK_SIZE;
        if (stem_list_find(below, meta->blocks[i].number, bytes, &stem, &at))
            continue;
        numbers[n++] = meta->blocks[i].number;
        if (fd_write_all(fd, bytes, EXT2_BLOCK_SIZE, "a stem", err) != 0)
            return -1;
        digest_add(&digest, bytes, EXT2_BLOCK_SIZE);
        if (n % LAYER_CHUNK_BLOCKS == 0) {
            digest_finish(&digest, digests[n / LAYER_CHUNK_BLOCKS - 1]);
            digest_init(&digest);
        }
    }
    if (n % LAYER_CHUNK_BLOCKS != 0)
        digest_finish(&digest, digests[n / LAYER_CHUNK_BLOCKS]);
    return pack_write_table(fd, PACK_STEM, n, (const uint8_t(*)[DIGEST_SIZE])digests, numbers,
                            n * sizeof(*numbers), err);
}

static int build(const struct store *store, const struct source *source, const struct composition *whole,
                 const struct stem_list *below, struct stem *stem, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_(composition_release) struct composition part = COMPOSITION_NONE;
    const struct ext2_meta *meta = &whole->meta;

    if (stem->n_layers < source->n_layers) {
        if (composition_init(&part, source, stem->n_layers, err) != 0)
            return -1;
        meta = &part.meta;
    }
    if (atomic_file_begin(&file, store->data_fd, 0444, err) != 0 ||
        write_stem(below, meta, file.fd, err) != 0 ||
        pack_store_publish(store, &file, stem->key, &stem->fd, err) != 0)
        return error_wrap(err, "build the stem '%s'", stem->key);
    return 0;
}

/* Opens a stem, or makes it; whoever else makes it is waited for. */
static int ensure(const struct store *store, const struct source *source, const struct composition *whole,
                  const struct stem_list *below, struct stem *stem, struct error *err)
{
    _cleanup_close_ int lock = -1;
    if (pack_store_open(store, stem->key, &stem->fd, err) != 0)
        return -1;
    if (stem->fd < 0) {
        if (lock_acquire(store->lock_fd, stem->key, LOCK_EXCLUSIVE, true, &lock, err) != 0 ||
            pack_store_open(store, stem->key, &stem->fd, err) != 0)
            return -1;
        int failed = stem->fd < 0 ? build(store, source, whole, below, stem, err) : 0;
        lock_remove(store->lock_fd, stem->key, &lock);
        if (failed != 0)
            return -1;
        if (stem->fd < 0)
            return error_set(err, ERROR_STATE, "the stem '%s' was removed as soon as it was built",
                             stem->key);
    }
    return load(stem, err);
}

int stem_list_ensure(const struct store *store, const struct source *source,
                     const struct composition *composition, struct stem_list *out, struct error *err)
{
    _cleanup_(stem_list_release) struct stem_list list = STEM_LIST_NONE;
    uint64_t weight = 0;

    list.stems = calloc(source->n_layers, sizeof(*list.stems));
    if (list.stems == NULL)
        return error_errno(err, "list the stems");
    for (uint32_t i = 0; i < source->n_layers; i++) {
        weight += weigh(composition, i);
        if (weight < CUT_BLOCKS)
            continue;
        weight = 0;
        struct stem stem = {.fd = -1, .n_layers = i + 1};
        derive_key(source, stem.n_layers, stem.key);
        if (ensure(store, source, composition, &list, &stem, err) != 0) {
            stem_release(&stem);
            return -1;
        }
        list.stems[list.n++] = stem;
    }
    *out = list;
    list = STEM_LIST_NONE;
    return 0;
}

/* The place of a block in a stem; n_blocks: it is not there. */
static uint32_t find_number(const struct stem *stem, uint32_t number)
{
    uint32_t low = 0, high = stem->n_blocks;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (stem->numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < stem->n_blocks && stem->numbers[low] == number ? low : stem->n_blocks;
}

bool stem_list_find(const struct stem_list *list, uint32_t number, const uint8_t *bytes, uint32_t *out_stem,
                    uint32_t *out_at)
{
    for (uint32_t i = list->n; i > 0; i--) {
        const struct stem *stem = &list->stems[i - 1];
        uint32_t at = find_number(stem, number);
        if (at < stem->n_blocks &&
            memcmp(stem->bytes + (size_t)at * EXT2_BLOCK_SIZE, bytes, EXT2_BLOCK_SIZE) == 0) {
            *out_stem = i - 1;
            *out_at = at;
            return true;
        }
    }
    return false;
}
