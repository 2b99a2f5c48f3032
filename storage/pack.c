/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "layer_copy.h"
#include "parallel.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define PACK_MAGIC   0x314b434150595257ull /* "WRYPACK1" */
#define PACK_VERSION 4
/* A table larger than this is damage: it would describe fifty million files. */
#define TABLE_MAX (4ull << 30)

int pack_write_table(int fd, enum pack_kind kind, uint64_t n_blocks, const uint8_t (*digests)[DIGEST_SIZE],
                     const void *table, size_t table_size, struct error *err)
{
    struct pack_trailer trailer = {.magic = PACK_MAGIC,
                                   .version = PACK_VERSION,
                                   .kind = kind,
                                   .n_blocks = n_blocks,
                                   .table_size = table_size};
    digest_of(digests, layer_count_chunks(n_blocks) * DIGEST_SIZE, trailer.contents_digest);
    digest_of(table, table_size, trailer.table_digest);
    digest_of(&trailer, offsetof(struct pack_trailer, digest), trailer.digest);
    if (lseek(fd, (off_t)(n_blocks * LAYER_BLOCK_SIZE), SEEK_SET) < 0)
        return error_errno(err, "write a pack's table");
    if (fd_write_all(fd, table, table_size, "a pack", err) != 0)
        return -1;
    return fd_write_all(fd, &trailer, sizeof(trailer), "a pack", err);
}

static int write_pack(int out_fd, const struct layer_copy_source *source, struct error *err)
{
    const struct layer *layer = source->layer;
    _cleanup_(layer_runs_release) struct layer_runs runs = LAYER_RUNS_NONE;
    _cleanup_free_ uint8_t(*digests)[DIGEST_SIZE] =
        calloc(layer_count_chunks(layer->n_blocks) + 1, DIGEST_SIZE);
    _cleanup_free_ void *table = NULL;
    size_t size = 0;

    if (digests == NULL)
        return error_errno(err, "copy files");
    for (uint32_t i = 0; i < layer->n_entries; i++)
        if (layer_runs_add(&runs, source, 0, i, err) != 0)
            return -1;
    if (layer_copy(&runs, source, out_fd, digests, err) != 0 || layer_encode(layer, &table, &size, err) != 0)
        return -1;
    return pack_write_table(out_fd, PACK_LAYER, layer->n_blocks, (const uint8_t(*)[DIGEST_SIZE])digests,
                            table, size, err);
}

int pack_write(int out_fd, const struct layer_copy_source *source, const char *what, struct error *err)
{
    if (write_pack(out_fd, source, err) != 0)
        return error_wrap(err, "pack the layer '%s'", what);
    return 0;
}

static int load_trailer(int fd, struct pack_trailer *trailer, struct error *err)
{
    struct stat st;
    uint8_t digest[DIGEST_SIZE];

    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine it");
    uint64_t size = (uint64_t)st.st_size;
    if (size < sizeof(*trailer))
        return error_set(err, ERROR_INPUT, "it has only %llu bytes", (unsigned long long)size);
    if (fd_read_exactly_at(fd, trailer, sizeof(*trailer), size - sizeof(*trailer), "its trailer", err) != 0)
        return -1;
    digest_of(trailer, offsetof(struct pack_trailer, digest), digest);
    if (trailer->magic != PACK_MAGIC || memcmp(digest, trailer->digest, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its trailer is damaged");
    if (trailer->version != PACK_VERSION)
        return error_set(err, ERROR_REFUSED, "it has version %u, this program reads %u", trailer->version,
                         PACK_VERSION);
    if (trailer->table_size > TABLE_MAX || trailer->n_blocks > size / LAYER_BLOCK_SIZE ||
        trailer->n_blocks * LAYER_BLOCK_SIZE + trailer->table_size + sizeof(*trailer) != size)
        return error_set(err, ERROR_INPUT, "it is not of the size that its trailer says");
    return 0;
}

/* Reads the table that the trailer tells of. */
static int load_table(int fd, const struct pack_trailer *trailer, void **out, struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    _cleanup_free_ void *table = malloc(trailer->table_size + 1);
    if (table == NULL)
        return error_errno(err, "read its table");
    if (fd_read_exactly_at(fd, table, trailer->table_size, trailer->n_blocks * LAYER_BLOCK_SIZE, "its table",
                           err) != 0)
        return -1;
    digest_of(table, trailer->table_size, digest);
    if (memcmp(digest, trailer->table_digest, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its table is damaged");
    *out = take_ptr(table);
    return 0;
}

int pack_load_table(int fd, enum pack_kind kind, struct pack_trailer *out, void **out_table,
                    struct error *err)
{
    if (load_trailer(fd, out, err) != 0)
        return -1;
    if (out->kind != (uint32_t)kind)
        return error_set(err, ERROR_INPUT, "it is of another kind");
    return load_table(fd, out, out_table, err);
}

static int decode_layer(const struct pack_trailer *trailer, const void *table, struct layer *out,
                        struct error *err)
{
    if (layer_decode(table, trailer->table_size, out, err) != 0)
        return -1;
    if (out->n_blocks != trailer->n_blocks) {
        layer_release(out);
        return error_set(err, ERROR_INPUT, "its table is of another size");
    }
    return 0;
}

int pack_load(int fd, struct layer *out, struct error *err)
{
    struct pack_trailer trailer;
    _cleanup_free_ void *table = NULL;
    if (pack_load_table(fd, PACK_LAYER, &trailer, &table, err) != 0)
        return -1;
    return decode_layer(&trailer, table, out, err);
}

/* Chunks of a pack that are compared with what it should be. */
struct check {
    int fd;
    uint64_t n_blocks;
    uint8_t (*digests)[DIGEST_SIZE];
};

static int digest_chunk(void *context, void *state, size_t chunk, struct error *err)
{
    const struct check *check = context;
    uint8_t **buffer = state;
    uint64_t from = (uint64_t)chunk * LAYER_CHUNK_BLOCKS, n = check->n_blocks - from;
    size_t size = (n < LAYER_CHUNK_BLOCKS ? n : LAYER_CHUNK_BLOCKS) * LAYER_BLOCK_SIZE;
    if (*buffer == NULL && (*buffer = malloc(LAYER_CHUNK_SIZE)) == NULL)
        return error_errno(err, "read its contents");
    if (fd_read_exactly_at(check->fd, *buffer, size, from * LAYER_BLOCK_SIZE, "its contents", err) != 0)
        return -1;
    digest_of(*buffer, size, check->digests[chunk]);
    return 0;
}

static void release_buffer(void *state)
{
    free(*(uint8_t **)state);
}

static int check_contents(int fd, const struct pack_trailer *trailer, struct error *err)
{
    size_t n = layer_count_chunks(trailer->n_blocks);
    _cleanup_free_ uint8_t(*digests)[DIGEST_SIZE] = calloc(n + 1, DIGEST_SIZE);
    uint8_t digest[DIGEST_SIZE];
    struct check check = {.fd = fd, .n_blocks = trailer->n_blocks, .digests = digests};
    const struct parallel parallel = {.n_pieces = n,
                                      .work = digest_chunk,
                                      .release = release_buffer,
                                      .state_size = sizeof(uint8_t *),
                                      .context = &check};
    if (digests == NULL)
        return error_errno(err, "read its contents");
    if (parallel_run(&parallel, err) != 0)
        return -1;
    digest_of(digests, n * DIGEST_SIZE, digest);
    if (memcmp(digest, trailer->contents_digest, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its contents are damaged");
    return 0;
}

int pack_verify(int fd, struct error *err)
{
    struct pack_trailer trailer;
    _cleanup_(layer_release) struct layer layer = LAYER_NONE;
    _cleanup_free_ void *table = NULL;

    if (load_trailer(fd, &trailer, err) != 0 || load_table(fd, &trailer, &table, err) != 0 ||
        (trailer.kind == PACK_LAYER && decode_layer(&trailer, table, &layer, err) != 0))
        return -1;
    return check_contents(fd, &trailer, err);
}
