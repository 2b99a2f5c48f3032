/* SPDX-License-Identifier: Apache-2.0 */
#include "malloc.h"

#include <errno.h>
#include <stdlib.h>

void *aligned_alloc(size_t align, size_t size)
{
    if (align == 0 || (align & (align - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    void *p = heap_allocate(malloc_heap(), size, align < HEAP_ALIGN ? HEAP_ALIGN : align);
    if (p == NULL)
        errno = ENOMEM;
    return p;
}
