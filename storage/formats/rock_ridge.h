/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rock Ridge: what a POSIX file has and ISO 9660 does not know, as entries behind a directory record (IEEE
 * P1281, the System Use Sharing Protocol, and P1282, the Rock Ridge Interchange Protocol). What finds no room
 * behind the record goes to continuation areas.
 */
#ifndef STORAGE_ROCK_RIDGE_H
#define STORAGE_ROCK_RIDGE_H

#include "tree.h"

#include <stdbool.h>

/* The entries of one record, one behind the other. */
struct rock_ridge {
    uint8_t bytes[12288]; /* a symlink's target of one-letter names is the longest */
    size_t size;
};

/* Where continuation areas are, and how much of them is taken; they do not cross sectors. */
struct rock_ridge_area {
    uint8_t *bytes;  /* NULL: nothing is written, only counted */
    uint32_t sector; /* of the image */
    uint64_t used;
};

enum rock_ridge_kind {
    ROCK_RIDGE_CHILD, /* a record in a directory: with the file's name */
    ROCK_RIDGE_SELF,  /* "." and ".." */
    ROCK_RIDGE_ROOT   /* "." of the root: says also that there is Rock Ridge */
};

/* The entries for a node. n_links: what stat(2) shall show. */
void rock_ridge_make(const struct tree *tree, uint32_t node, enum rock_ridge_kind kind, uint32_t n_links,
                     struct rock_ridge *out);

/*
 * Puts the entries behind a record that has room bytes for them, and into continuation areas. at is NULL when
 * the area counts only. Returns how many of the room are used.
 */
size_t rock_ridge_place(const struct rock_ridge *entries, size_t room, uint8_t *at,
                        struct rock_ridge_area *area);

/* A date in seven bytes, UTC, from 1900 to 2155 (ECMA-119, 9.1.5). */
void rock_ridge_put_date(uint8_t at[7], int64_t seconds);

#endif
