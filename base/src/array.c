/* SPDX-License-Identifier: Apache-2.0 */
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

int array_grow(void *array, size_t *room, size_t n, size_t size, const char *what, struct error *err)
{
    void *items;
    size_t bigger = *room < SIZE_MAX / 2 ? 2 * *room : SIZE_MAX;

    if (n <= *room)
        return 0;
    if (bigger < ROOM_MIN)
        bigger = ROOM_MIN;
    if (bigger < n)
        bigger = n;
    memcpy(&items, array, sizeof(items)); /* the pointer's own type is not known here */
    items = reallocarray(items, bigger, size);
    if (items == NULL)
        return error_errno(err, "make room for %s", what);
    memcpy(array, &items, sizeof(items));
    *room = bigger;
    return 0;
}
