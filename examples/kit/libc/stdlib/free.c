/* SPDX-License-Identifier: Apache-2.0 */
#include "malloc.h"

#include <stdlib.h>

void free(void *p)
{
    heap_free(malloc_heap(), p);
}
