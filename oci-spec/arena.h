/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given out piece by piece and freed as a whole: a parsed document and everything it points to
 * live in one arena. A struct of zeroes is an empty one.
 */
#ifndef ARENA_H
#define ARENA_H

#include "base/error.h"

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
};

/* n times size bytes of zeroes, aligned for any type; n or size may be 0, the result is never NULL for that.
 * On failure NULL and err. */
void *arena_alloc(struct arena *arena, size_t n, size_t size, struct error *err);

/* A copy of length bytes with a NUL after them. On failure NULL and err. */
char *arena_copy(struct arena *arena, const char *text, size_t length, struct error *err);

/* The text that printf(3) would print. On failure NULL and err. */
char *arena_format(struct arena *arena, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void arena_release(struct arena *arena);

#endif
