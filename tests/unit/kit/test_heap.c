/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator keeps blocks apart, aligned and inside its memory, and gets all of it back. */
#include "heap.h"
#include "unit.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE (1u << 20)
#define N_SLOTS    256

static _Alignas(16) unsigned char arena[ARENA_SIZE];
static struct heap heap;

static void fresh(void)
{
    heap_init(&heap, arena, sizeof(arena));
}

/* The largest block that can be had: all of the memory, when nothing is allocated. */
static size_t largest(void)
{
    size_t size = sizeof(arena);
    void *p;
    while ((p = heap_allocate(&heap, size, HEAP_ALIGN)) == NULL)
        size -= 16;
    heap_free(&heap, p);
    return size;
}

static bool is_filled(const unsigned char *p, size_t size, unsigned char byte)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != byte)
            return false;
    return true;
}

START_TEST(blocks_are_aligned_and_inside)
{
    fresh();
    for (size_t align = 16; align <= 8192; align *= 2) {
        unsigned char *p = heap_allocate(&heap, 100, align);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % align, 0);
        ck_assert(p >= arena && p + 100 <= arena + sizeof(arena));
        ck_assert_uint_ge(heap_usable_size(p), 100);
    }
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    fresh();
    ck_assert_ptr_null(heap_allocate(&heap, sizeof(arena), 16));
    ck_assert_ptr_null(heap_allocate(&heap, SIZE_MAX, 16));
    ck_assert_ptr_null(heap_allocate(&heap, SIZE_MAX - 20, 16));
    ck_assert_ptr_null(heap_allocate(&heap, 1, (size_t)1 << 50));
    struct heap empty;
    heap_init(&empty, arena, 32);
    ck_assert_ptr_null(heap_allocate(&empty, 1, 16));
}
END_TEST

/* Random requests; every block is filled with its own byte, which must still be there when it goes. */
START_TEST(blocks_never_overlap_and_everything_comes_back)
{
    static unsigned char *slots[N_SLOTS];
    static size_t sizes[N_SLOTS];
    fresh();
    size_t whole = largest();
    bool is_intact = true;
    srand(1);
    for (int round = 0; round < 200000; round++) {
        size_t i = (size_t)rand() % N_SLOTS;
        if (slots[i] != NULL) {
            is_intact &= is_filled(slots[i], sizes[i], (unsigned char)i);
            size_t bigger = sizes[i] + (size_t)rand() % 64;
            if (rand() % 4 == 0 && heap_resize(&heap, slots[i], bigger) == 0) {
                memset(slots[i], (int)i, bigger);
                sizes[i] = bigger;
                continue;
            }
            heap_free(&heap, slots[i]);
            slots[i] = NULL;
        } else {
            sizes[i] = (size_t)1 << rand() % 13;
            sizes[i] += (size_t)rand() % sizes[i];
            slots[i] = heap_allocate(&heap, sizes[i], (size_t)16 << rand() % 4);
            if (slots[i] != NULL)
                memset(slots[i], (int)i, sizes[i]);
        }
    }
    for (size_t i = 0; i < N_SLOTS; i++)
        heap_free(&heap, slots[i]);
    ck_assert(is_intact);
    ck_assert_uint_eq(largest(), whole);
}
END_TEST

START_TEST(a_block_grows_into_its_free_neighbour_only)
{
    fresh();
    void *a = heap_allocate(&heap, 100, 16), *b = heap_allocate(&heap, 100, 16),
         *c = heap_allocate(&heap, 100, 16);
    ck_assert_int_eq(heap_resize(&heap, a, 150), -1);
    heap_free(&heap, b);
    ck_assert_int_eq(heap_resize(&heap, a, 150), 0);
    ck_assert_int_eq(heap_resize(&heap, a, 300), -1);
    ck_assert_int_eq(heap_resize(&heap, a, 10), 0);
    ck_assert_uint_lt(heap_usable_size(a), 100);
    heap_free(&heap, a);
    heap_free(&heap, c);
}
END_TEST

START_TEST(freeing_twice_ends_the_program)
{
    fresh();
    void *a = heap_allocate(&heap, 100, 16);
    void *b = heap_allocate(&heap, 100, 16);
    heap_free(&heap, a);
    heap_free(&heap, a);
    heap_free(&heap, b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("heap");
    TCase *t = unit_case(suite, "heap");
    tcase_add_test(t, blocks_are_aligned_and_inside);
    tcase_add_test(t, what_does_not_fit_is_refused);
    tcase_add_test(t, blocks_never_overlap_and_everything_comes_back);
    tcase_add_test(t, a_block_grows_into_its_free_neighbour_only);
    tcase_add_test_raise_signal(t, freeing_twice_ends_the_program, SIGABRT);
    return unit_run(suite);
}
