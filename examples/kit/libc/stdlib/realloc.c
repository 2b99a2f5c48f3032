/* SPDX-License-Identifier: Apache-2.0 */
#include "malloc.h"

#include <stdlib.h>
#include <string.h>

void *realloc(void *p, size_t size)
{
    if (p == NULL)
        return malloc(size);
    if (heap_resize(malloc_heap(), p, size) == 0)
        return p;

    void *moved = malloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, p, heap_usable_size(p));
    free(p);
    return moved;
}
