/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/crt/boot.h"
#include "malloc.h"

#include <stdbool.h>

struct heap *malloc_heap(void)
{
    static struct heap heap;
    static bool is_ready;

    if (!is_ready) {
        size_t size = boot_start_info.heap_size;
        size_t stack = size / 8 < BOOT_STACK_MAX ? size / 8 : BOOT_STACK_MAX;
        if (size / 4 > BOOT_GUARD_BYTES) /* a smaller memory has no guard */
            stack += BOOT_GUARD_BYTES;
        heap_init(&heap, (void *)boot_start_info.heap_start, size - stack);
        is_ready = true;
    }
    return &heap;
}
