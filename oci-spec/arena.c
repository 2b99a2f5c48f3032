/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: a list of chunks, each filled from its start. A piece that does not fit into the newest chunk opens
 * another one, which is as large as the piece if that is more than the usual size; what is left of the old
 * chunk is wasted, which is at most one usual size for each large piece.
 */
#include "arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Holds what a small config.json needs, and is not worth a mapping of its own (malloc's limit is 128 KiB). */
#define CHUNK_SIZE (32u << 10)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

static struct arena_chunk *add_chunk(struct arena *arena, size_t needed)
{
    size_t size = needed > CHUNK_SIZE ? needed : CHUNK_SIZE;
    if (size > SIZE_MAX - sizeof(struct arena_chunk))
        return NULL;
    struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);
    if (chunk == NULL)
        return NULL;

    chunk->size = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t n, size_t size, struct error *err)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - alignof(max_align_t)) {
        error_number(err, ENOMEM, "allocate %zu times %zu bytes", n, size);
        return NULL;
    }
    bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < bytes)
        chunk = add_chunk(arena, bytes);
    if (chunk == NULL) {
        error_number(err, ENOMEM, "allocate %zu bytes", bytes);
        return NULL;
    }
    void *piece = chunk->bytes + chunk->used;
    chunk->used += bytes;
    return piece;
}

char *arena_copy(struct arena *arena, const char *text, size_t length, struct error *err)
{
    char *copy = arena_alloc(arena, length + 1, 1, err);
    if (copy != NULL && length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_format(struct arena *arena, struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int length = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);

    char *text = arena_alloc(arena, (size_t)length + 1, 1, err);
    if (text == NULL)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(text, (size_t)length + 1, fmt, ap);
    va_end(ap);
    return text;
}

void arena_release(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
}
