/* SPDX-License-Identifier: Apache-2.0 */
#include "name_set.h"

#include <stdlib.h>

struct name_slot {
    uint32_t hash;
    uint32_t child; /* its number plus one; 0: free */
};

int name_set_init(struct name_set *set, uint32_t n, bool (*is_same)(const void *, uint32_t, uint32_t),
                  const void *context, struct error *err)
{
    *set = (struct name_set){.room = 8, .is_same = is_same, .context = context};
    while (set->room < 2 * (size_t)n)
        set->room *= 2;
    set->slots = calloc(set->room, sizeof(*set->slots));
    return set->slots == NULL ? error_errno(err, "name the files") : 0;
}

uint32_t name_set_add(struct name_set *set, uint32_t hash, uint32_t child)
{
    size_t i = hash & (set->room - 1);
    for (; set->slots[i].child != 0; i = (i + 1) & (set->room - 1))
        if (set->slots[i].hash == hash && set->is_same(set->context, set->slots[i].child - 1, child))
            return set->slots[i].child - 1;
    set->slots[i] = (struct name_slot){.hash = hash, .child = child + 1};
    return child;
}

void name_set_release(struct name_set *set)
{
    free(set->slots);
    *set = (struct name_set){.slots = NULL};
}

char name_set_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

uint32_t name_set_hash(const void *name, size_t size, uint32_t seed)
{
    const char *text = name;
    uint32_t h = 2166136261u ^ seed; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        h = (h ^ (uint8_t)name_set_upper(text[i])) * 16777619u;
    return h ^ h >> 15;
}
