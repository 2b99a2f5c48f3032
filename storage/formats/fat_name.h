/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in FAT: a long one in UTF-16, and a short one of 8 + 3 characters that is unique in its directory.
 * Names differ by more than the case of ASCII letters. What a name must not have: the characters
 * "*:<>?\| and control characters, a space or period at its end, bytes that are no UTF-8.
 */
#ifndef STORAGE_FAT_NAME_H
#define STORAGE_FAT_NAME_H

#include "fat_format.h"
#include "tree.h"

#include <stdbool.h>

/* The names of one entry. */
struct fat_name {
    uint8_t short_name[11]; /* as in a directory entry */
    uint8_t n_long;         /* entries of the long name; 0: the short one says it all */
};

/* Writes the long form of a name. Returns its units, or -1 and what is wrong with it. */
int fat_name_encode(const char *name, size_t size, uint16_t out[FAT_NAME_MAX], struct error *err);

/*
 * Gives the children of a directory their names: names[i] for child i, where shows[i]. ERROR_REFUSED, with
 * the path, when FAT cannot have such a name, or two that differ in case only.
 */
int fat_name_assign(const struct tree *tree, uint32_t dir, const bool *shows, struct fat_name *names,
                    struct error *err);

/* The checksum of a short name that parts of the long name carry. */
uint8_t fat_name_checksum(const uint8_t short_name[11]);

#endif
