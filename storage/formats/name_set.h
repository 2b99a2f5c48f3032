/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of a directory's children are taken: a set of child numbers that are told apart by a name. */
#ifndef STORAGE_NAME_SET_H
#define STORAGE_NAME_SET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_set {
    struct name_slot *slots;
    size_t room;
    bool (*is_same)(const void *context, uint32_t a, uint32_t b); /* whether two children have one name */
    const void *context;
};

/* Starts a set for n children. */
int name_set_init(struct name_set *set, uint32_t n, bool (*is_same)(const void *, uint32_t, uint32_t),
                  const void *context, struct error *err);

/* Adds a child under the hash of its name. Returns the child that has the name already, or its own number. */
uint32_t name_set_add(struct name_set *set, uint32_t hash, uint32_t child);

/* Accepts a zeroed struct. */
void name_set_release(struct name_set *set);

/* A hash of a name that does not see the case of ASCII letters; other seeds give others. */
uint32_t name_set_hash(const void *name, size_t size, uint32_t seed);

/* The upper-case form of an ASCII letter; everything else is itself. */
char name_set_upper(char c);

#endif
