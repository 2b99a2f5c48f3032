/* SPDX-License-Identifier: Apache-2.0 */
#include "malloc.h"

#include <errno.h>
#include <stdlib.h>

void *malloc(size_t size)
{
    void *p = heap_allocate(malloc_heap(), size, HEAP_ALIGN);
    if (p == NULL)
        errno = ENOMEM;
    return p;
}
