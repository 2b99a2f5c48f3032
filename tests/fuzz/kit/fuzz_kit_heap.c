/* SPDX-License-Identifier: Apache-2.0 */
/* Any sequence of requests to the allocator: blocks lie apart, and keep what was written into them. */
#include "heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE 65536
#define N_SLOTS    16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const unsigned char *p, size_t size, unsigned slot)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != slot)
            abort();
}

/* Four bytes are one request: what, which slot, how much. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) unsigned char arena[ARENA_SIZE];
    static struct heap heap;
    unsigned char *slots[N_SLOTS] = {0};
    size_t sizes[N_SLOTS] = {0};

    heap_init(&heap, arena, sizeof(arena));
    for (; size >= 4; data += 4, size -= 4) {
        unsigned slot = data[1] % N_SLOTS;
        size_t wanted = (size_t)(data[2] | data[3] << 8) >> data[0] % 8;
        if (slots[slot] == NULL) {
            slots[slot] = heap_allocate(&heap, wanted, (size_t)16 << (data[0] >> 5));
        } else if (data[0] % 2 == 0 && heap_resize(&heap, slots[slot], wanted) == 0) {
            check(slots[slot], wanted < sizes[slot] ? wanted : sizes[slot], slot);
        } else {
            check(slots[slot], sizes[slot], slot);
            heap_free(&heap, slots[slot]);
            slots[slot] = NULL;
        }
        sizes[slot] = wanted;
        if (slots[slot] != NULL)
            memset(slots[slot], (int)slot, wanted);
    }
    return 0;
}
