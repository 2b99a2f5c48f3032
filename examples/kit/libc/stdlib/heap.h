/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator over one stretch of memory: what malloc() is made of. It touches no memory before it hands it
 * out, but for a header at each block's start, so that a guest's unused memory costs its host nothing.
 *
 * Every operation takes bounded time, whatever was allocated and freed before (heap.c). All blocks are
 * aligned to HEAP_ALIGN. A block that is freed twice, or was never allocated, ends the program where that is
 * noticed.
 */
#ifndef STDLIB_HEAP_H
#define STDLIB_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define HEAP_ALIGN 16

/* Free blocks are kept in HEAP_CLASSES powers of two with HEAP_STEPS lists each. */
#define HEAP_STEPS   16
#define HEAP_CLASSES 40

struct heap_block;

struct heap {
    uint64_t classes;             /* bit n: steps[n] is not 0 */
    uint32_t steps[HEAP_CLASSES]; /* bit n: lists[..][n] is not empty */
    struct heap_block *lists[HEAP_CLASSES][HEAP_STEPS];
};

/* Makes [start, start + size) a heap. The memory stays the caller's, and must outlive the heap. */
void heap_init(struct heap *heap, void *start, size_t size);

/* A block of at least size bytes, aligned to align: a power of two. NULL when there is no room. Size 0 is
 * size 1. */
void *heap_allocate(struct heap *heap, size_t size, size_t align);

/* Gives a block back. p may be NULL. */
void heap_free(struct heap *heap, void *p);

/* Makes a block at least size bytes long where it is. Returns 0, or -1 when its neighbour is in the way. */
int heap_resize(struct heap *heap, void *p, size_t size);

/* How many bytes of a block may be used: at least what was asked for. */
size_t heap_usable_size(const void *p);

#endif
