/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define PACK_MAGIC   0x314b434150595257ull /* "WRYPACK1" */
#define PACK_VERSION 2
/* What is written at once, and begins at a multiple of its size, stays in the page cache in one piece where
 * the file system can do that; and pieces of 2 MiB are what one page-table entry can map. */
#define BUFFER_SIZE (2u << 20)
/* A table larger than this is damage: it would describe fifty million files. */
#define TABLE_MAX (4ull << 30)

/* Contents on their way into the pack: small files share a write. */
struct pack_stream {
    int fd;
    char *buffer;
    size_t used;
    bool wants_digest;
    struct digest digest;
};

struct pack_stream *pack_stream_new(int fd, struct error *err)
{
    struct pack_stream *stream = calloc(1, sizeof(*stream));
    if (stream != NULL)
        stream->buffer = malloc(BUFFER_SIZE);
    if (stream == NULL || stream->buffer == NULL) {
        error_errno(err, "copy files");
        pack_stream_free(&stream);
        return NULL;
    }
    stream->fd = fd;
    return stream;
}

void pack_stream_free(struct pack_stream **stream)
{
    if (*stream != NULL)
        free((*stream)->buffer);
    free(*stream);
    *stream = NULL;
}

int pack_stream_flush(struct pack_stream *stream, struct error *err)
{
    if (stream->wants_digest)
        digest_add(&stream->digest, stream->buffer, stream->used);
    if (fd_write_all(stream->fd, stream->buffer, stream->used, "a pack", err) != 0)
        return -1;
    stream->used = 0;
    return 0;
}

/* Copies n_blocks blocks of a file from a block on; what lies beyond its end is zeros. */
static int copy_blocks(struct pack_stream *stream, int fd, uint64_t block, uint64_t n_blocks,
                       uint64_t file_size, struct error *err)
{
    uint64_t at = block * LAYER_BLOCK_SIZE, end = at + n_blocks * LAYER_BLOCK_SIZE;
    while (at < end) {
        if (stream->used == BUFFER_SIZE && pack_stream_flush(stream, err) != 0)
            return -1;
        size_t want = BUFFER_SIZE - stream->used;
        if (want > end - at)
            want = (size_t)(end - at);
        if (at >= file_size) {
            memset(stream->buffer + stream->used, 0, want);
            stream->used += want;
            at += want;
            continue;
        }
        if (want > file_size - at)
            want = (size_t)(file_size - at);
        ssize_t n = pread(fd, stream->buffer + stream->used, want, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read it");
        if (n == 0)
            return error_set(err, ERROR_STATE, "it was changed while it was read");
        stream->used += (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

int pack_open_file(int layer_dirfd, const struct layer *layer, uint32_t entry, int *out_fd, struct error *err)
{
    char path[PATH_MAX];
    struct stat st;
    _cleanup_close_ int fd = -1;

    if (layer_entry_path(layer, entry, path, sizeof(path), err) != 0 ||
        path_open_beneath(layer_dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, err) != 0)
        return -1;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine '%s'", path);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != layer->entries[entry].size)
        return error_set(err, ERROR_STATE, "'%s' was changed while it was read", path);
    *out_fd = take_fd(&fd);
    return 0;
}

int pack_stream_add(struct pack_stream *stream, int layer_dirfd, const struct layer *layer, uint32_t entry,
                    struct error *err)
{
    const struct layer_entry *e = &layer->entries[entry];
    uint64_t n_blocks = layer_entry_blocks(layer, entry);
    _cleanup_close_ int fd = -1;

    if (n_blocks == 0)
        return 0;
    if (pack_open_file(layer_dirfd, layer, entry, &fd, err) != 0)
        return -1;
    int failed = 0;
    if ((e->flags & LAYER_SPARSE) == 0)
        failed = copy_blocks(stream, fd, 0, n_blocks, e->size, err);
    for (uint32_t i = 0; (e->flags & LAYER_SPARSE) != 0 && i < e->n && failed == 0; i++) {
        const struct layer_segment *s = &layer->segments[e->first + i];
        failed = copy_blocks(stream, fd, s->file_block, s->n_blocks, e->size, err);
    }
    if (failed != 0)
        return error_wrap(err, "'%.*s'", (int)e->name_size, layer->strings + e->name);
    return 0;
}

int pack_write_table(int fd, enum pack_kind kind, uint64_t n_blocks,
                     const uint8_t contents_digest[DIGEST_SIZE], const void *table, size_t table_size,
                     struct error *err)
{
    struct pack_trailer trailer = {.magic = PACK_MAGIC,
                                   .version = PACK_VERSION,
                                   .kind = kind,
                                   .n_blocks = n_blocks,
                                   .table_size = table_size};
    memcpy(trailer.contents_digest, contents_digest, DIGEST_SIZE);
    digest_of(table, table_size, trailer.table_digest);
    digest_of(&trailer, offsetof(struct pack_trailer, digest), trailer.digest);
    if (fd_write_all(fd, table, table_size, "a pack", err) != 0)
        return -1;
    return fd_write_all(fd, &trailer, sizeof(trailer), "a pack", err);
}

static int write_layer_table(int fd, const struct layer *layer, const uint8_t contents_digest[DIGEST_SIZE],
                             struct error *err)
{
    _cleanup_free_ void *table = NULL;
    size_t size = 0;
    if (layer_encode(layer, &table, &size, err) != 0)
        return -1;
    return pack_write_table(fd, PACK_LAYER, layer->n_blocks, contents_digest, table, size, err);
}

int pack_write(int out_fd, int layer_dirfd, const struct layer *layer, const char *what, struct error *err)
{
    _cleanup_(pack_stream_free) struct pack_stream *stream = pack_stream_new(out_fd, err);
    uint8_t contents_digest[DIGEST_SIZE];

    if (stream == NULL)
        return error_wrap(err, "pack the layer '%s'", what);
    stream->wants_digest = true;
    digest_init(&stream->digest);
    for (uint32_t i = 0; i < layer->n_entries; i++)
        if (pack_stream_add(stream, layer_dirfd, layer, i, err) != 0)
            return error_wrap(err, "pack the layer '%s'", what);
    if (pack_stream_flush(stream, err) != 0)
        return error_wrap(err, "pack the layer '%s'", what);
    digest_finish(&stream->digest, contents_digest);
    if (write_layer_table(out_fd, layer, contents_digest, err) != 0)
        return error_wrap(err, "pack the layer '%s'", what);
    return 0;
}

static int read_at(int fd, void *buf, size_t size, uint64_t off, struct error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read it");
        if (n == 0)
            return error_set(err, ERROR_INPUT, "it ends early");
        done += (size_t)n;
    }
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
    if (read_at(fd, trailer, sizeof(*trailer), size - sizeof(*trailer), err) != 0)
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
    if (read_at(fd, table, trailer->table_size, trailer->n_blocks * LAYER_BLOCK_SIZE, err) != 0)
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

int pack_verify(int fd, struct error *err)
{
    struct pack_trailer trailer;
    _cleanup_(layer_release) struct layer layer = LAYER_NONE;
    _cleanup_free_ void *table = NULL;
    uint8_t digest[DIGEST_SIZE];

    if (load_trailer(fd, &trailer, err) != 0 || load_table(fd, &trailer, &table, err) != 0 ||
        (trailer.kind == PACK_LAYER && decode_layer(&trailer, table, &layer, err) != 0) ||
        digest_of_file(fd, trailer.n_blocks * LAYER_BLOCK_SIZE, "its contents", digest, err) != 0)
        return -1;
    if (memcmp(digest, trailer.contents_digest, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its contents are damaged");
    return 0;
}
