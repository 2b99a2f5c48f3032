/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers of files in the two trees of an ISO 9660 image, without their version: in the primary tree
 * upper-case letters, digits and "_", at most 30 (level 2); in the Joliet tree UCS-2, big-endian, at most 62
 * characters. What does not fit is replaced or cut, and made unique in its directory: the name itself is in
 * the Rock Ridge entries.
 */
#ifndef STORAGE_ISO_NAME_H
#define STORAGE_ISO_NAME_H

#include "tree.h"

#include <stdbool.h>

#define ISO_NAME_MAX 124u /* bytes */

struct iso_name {
    uint8_t size;
    uint8_t bytes[ISO_NAME_MAX];
};

/* The children of a directory with their identifiers, in the order in which records must stand. */
struct iso_dir {
    uint32_t *nodes;
    struct iso_name *names;
    uint32_t n;
};

#define ISO_DIR_NONE ((struct iso_dir){.n = 0})

/* Names and sorts the children of a directory that shows[] (by node number) says are there. */
int iso_dir_init(struct iso_dir *out, const struct tree *tree, uint32_t dir, const bool *shows,
                 bool is_joliet, struct error *err);

/* Accepts ISO_DIR_NONE. */
void iso_dir_release(struct iso_dir *dir);

#endif
