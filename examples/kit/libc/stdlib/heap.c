/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two-level segregated fit (Masmano, Ripoll, Crespo and Real, "TLSF", ECRTS 2004).
 *
 * The heap is a row of blocks. A block knows its own size, and when the one before it is free, that one's
 * size: so neighbours are found both ways, and a freed block merges with free ones at once. Two free blocks
 * never touch.
 *
 *     | previous_size | size and flags | payload ...            | previous_size | size and flags | ...
 *     ^ struct heap_block              ^ what the caller sees   ^ the next block
 *
 * previous_size belongs to the block before, which may use it as payload while it is allocated. That is why 8
 * bytes of overhead suffice, and why a payload of 24 bytes fits into a block of 32.
 *
 * Free blocks hang in lists by size: one class a power of two, cut into HEAP_STEPS equal steps. A request is
 * rounded up to the next step, and then every block of that list, or of any list further up, is large enough:
 * a look into two bitmaps finds one without a search. The price is less than 1/HEAP_STEPS of memory left
 * unused.
 *
 * The row ends with a block of size 0 that is never free.
 */
#include "heap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define IS_FREE          1u /* this block is free */
#define IS_PREVIOUS_FREE 2u /* the block before it is */
#define FLAGS            (IS_FREE | IS_PREVIOUS_FREE)

#define HEADER_SIZE offsetof(struct heap_block, next)
#define BLOCK_MIN   sizeof(struct heap_block)
#define SMALL       (HEAP_STEPS * HEAP_ALIGN) /* below, the steps of class 0 are HEAP_ALIGN bytes */
#define HEAP_MAX    ((size_t)1 << 40)         /* no heap is larger; keeps sums from wrapping */

struct heap_block {
    size_t previous_size;               /* only with IS_PREVIOUS_FREE */
    size_t size_flags;                  /* from this block's start to the next one's, and flags */
    struct heap_block *next, *previous; /* only while free: in its list */
};
_Static_assert(sizeof(struct heap_block) == 32 && HEADER_SIZE == HEAP_ALIGN, "layout");

static size_t size_of(const struct heap_block *block)
{
    return block->size_flags & ~(size_t)FLAGS;
}

static struct heap_block *block_at(const void *base, size_t off)
{
    return (struct heap_block *)((uintptr_t)base + off);
}

static struct heap_block *block_of(const void *payload)
{
    return (struct heap_block *)((uintptr_t)payload - HEADER_SIZE);
}

static struct heap_block *next_of(const struct heap_block *block)
{
    return block_at(block, size_of(block));
}

static unsigned log2_of(size_t size)
{
    return 63u - (unsigned)__builtin_clzll(size);
}

/* The list that a block of this size hangs in. */
static void list_of(size_t size, unsigned *class, unsigned *step)
{
    if (size < SMALL) {
        *class = 0;
        *step = (unsigned)(size / HEAP_ALIGN);
    } else {
        unsigned log2 = log2_of(size);
        *class = log2 - log2_of(SMALL) + 1;
        *step = (unsigned)(size >> (log2 - log2_of(HEAP_STEPS))) - HEAP_STEPS;
    }
}

static void insert(struct heap *heap, struct heap_block *block)
{
    unsigned class, step;
    list_of(size_of(block), &class, &step);
    block->previous = NULL;
    block->next = heap->lists[class][step];
    if (block->next != NULL)
        block->next->previous = block;
    heap->lists[class][step] = block;
    heap->steps[class] |= 1u << step;
    heap->classes |= 1ull << class;

    struct heap_block *next = next_of(block);
    block->size_flags |= IS_FREE;
    next->previous_size = size_of(block);
    next->size_flags |= IS_PREVIOUS_FREE;
}

static void take_out(struct heap *heap, struct heap_block *block)
{
    unsigned class, step;
    list_of(size_of(block), &class, &step);
    if (block->next != NULL)
        block->next->previous = block->previous;
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        heap->lists[class][step] = block->next;
    if (heap->lists[class][step] == NULL)
        heap->steps[class] &= ~(1u << step);
    if (heap->steps[class] == 0)
        heap->classes &= ~(1ull << class);

    block->size_flags &= ~(size_t)IS_FREE;
    next_of(block)->size_flags &= ~(size_t)IS_PREVIOUS_FREE;
}

/* A free block of at least size bytes; NULL when there is none. */
static struct heap_block *find(struct heap *heap, size_t size)
{
    if (size >= SMALL) /* up to the next step */
        size += ((size_t)1 << (log2_of(size) - log2_of(HEAP_STEPS))) - 1;
    unsigned class, step;
    list_of(size, &class, &step);

    uint32_t steps = heap->steps[class] & ~0u << step;
    if (steps == 0) {
        uint64_t classes = heap->classes & ~1ull << class;
        if (classes == 0)
            return NULL;
        class = (unsigned)__builtin_ctzll(classes);
        steps = heap->steps[class];
    }
    return heap->lists[class][__builtin_ctz(steps)];
}

/* Cuts an allocated block after size bytes, and frees the rest if that makes a block. */
static void cut(struct heap *heap, struct heap_block *block, size_t size)
{
    size_t rest = size_of(block) - size;
    if (rest < BLOCK_MIN)
        return;
    block->size_flags -= rest;
    struct heap_block *tail = next_of(block);
    tail->size_flags = rest;
    struct heap_block *after = next_of(tail);
    if ((after->size_flags & IS_FREE) != 0) {
        take_out(heap, after);
        tail->size_flags += size_of(after);
    }
    insert(heap, tail);
}

/* What a payload of size bytes needs as a block. */
static size_t block_size(size_t size)
{
    size_t needed = (size + sizeof(size_t) + HEAP_ALIGN - 1) & ~(size_t)(HEAP_ALIGN - 1);
    return needed < BLOCK_MIN ? BLOCK_MIN : needed;
}

void heap_init(struct heap *heap, void *start, size_t size)
{
    *heap = (struct heap){0};
    uintptr_t from = ((uintptr_t)start + HEAP_ALIGN - 1) & ~(uintptr_t)(HEAP_ALIGN - 1);
    uintptr_t to = ((uintptr_t)start + size) & ~(uintptr_t)(HEAP_ALIGN - 1);
    if (size > HEAP_MAX || to < from || to - from < BLOCK_MIN + HEADER_SIZE)
        return;

    struct heap_block *block = block_at((void *)from, 0);
    block->size_flags = to - from - HEADER_SIZE;
    next_of(block)->size_flags = 0;
    insert(heap, block);
}

void *heap_allocate(struct heap *heap, size_t size, size_t align)
{
    if (size > HEAP_MAX || align > HEAP_MAX)
        return NULL;
    size_t needed = block_size(size);
    /* Room for a free block in front of the aligned one. */
    size_t spare = align > HEAP_ALIGN ? align + BLOCK_MIN : 0;
    struct heap_block *block = find(heap, needed + spare);
    if (block == NULL)
        return NULL;
    take_out(heap, block);

    uintptr_t payload = (uintptr_t)block + HEADER_SIZE;
    if ((payload & (align - 1)) != 0) {
        uintptr_t aligned = (payload + BLOCK_MIN + align - 1) & ~(uintptr_t)(align - 1);
        struct heap_block *front = block;
        size_t gap = aligned - payload;
        block = block_at(front, gap);
        block->size_flags = size_of(front) - gap;
        front->size_flags = gap | (front->size_flags & FLAGS);
        insert(heap, front);
    }
    cut(heap, block, needed);
    return block_at(block, HEADER_SIZE);
}

void heap_free(struct heap *heap, void *p)
{
    if (p == NULL)
        return;
    struct heap_block *block = block_of(p);
    struct heap_block *next = next_of(block);
    bool is_allocated = ((uintptr_t)p & (HEAP_ALIGN - 1)) == 0 && (block->size_flags & IS_FREE) == 0 &&
                        (next->size_flags & IS_PREVIOUS_FREE) == 0;
    if (!is_allocated)
        abort();

    if ((next->size_flags & IS_FREE) != 0) {
        take_out(heap, next);
        block->size_flags += size_of(next);
    }
    if ((block->size_flags & IS_PREVIOUS_FREE) != 0) {
        struct heap_block *previous = block_at(block, 0 - block->previous_size);
        take_out(heap, previous);
        previous->size_flags += size_of(block);
        block = previous;
    }
    insert(heap, block);
}

int heap_resize(struct heap *heap, void *p, size_t size)
{
    if (size > HEAP_MAX)
        return -1;
    struct heap_block *block = block_of(p), *next = next_of(block);
    size_t needed = block_size(size);
    size_t available = size_of(block) + ((next->size_flags & IS_FREE) != 0 ? size_of(next) : 0);
    if (needed > available)
        return -1;
    if (needed > size_of(block)) {
        take_out(heap, next);
        block->size_flags += size_of(next);
        /* take_out() has cleared the flag of the block after next, which is block's next now. */
    }
    cut(heap, block, needed);
    return 0;
}

size_t heap_usable_size(const void *p)
{
    return size_of(block_of(p)) - sizeof(size_t);
}
