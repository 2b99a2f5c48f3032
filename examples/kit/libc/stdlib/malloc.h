/* SPDX-License-Identifier: Apache-2.0 */
/* The heap behind malloc(). */
#ifndef STDLIB_MALLOC_H
#define STDLIB_MALLOC_H

#include "heap.h"

/* The program's memory but for the stack, made a heap at the first call. */
struct heap *malloc_heap(void);

#endif
