/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow as they are filled. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include "base/error.h"

#include <stddef.h>

/*
 * Makes room for n items of size bytes each. array is the address of the pointer to them, which may move, and
 * may be NULL with a *room of 0; *room is for how many items there is room, at least doubled when there is
 * too little. On failure nothing has changed. what names the array in messages.
 */
int array_grow(void *array, size_t *room, size_t n, size_t size, const char *what, struct error *err);

#endif
