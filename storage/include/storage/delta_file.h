/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delta files of a store (overlay/delta.h): what guests wrote to images and shall find again. Each has an
 * owner, a text that says whose writes they are, and belongs to one image; it lives until it is removed by
 * name, as nobody but an administrator can tell that it is not needed any more.
 */
#ifndef STORAGE_DELTA_FILE_H
#define STORAGE_DELTA_FILE_H

#include "storage/image.h"
#include "storage/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest owner, without its NUL. */
#define DELTA_FILE_OWNER_MAX 3999u

/*
 * Opens the delta file of an owner for an open image, and makes it if there is none; the image's patches go
 * into a new one, and have no effect on one that is there. *out_fd is the caller's; as long as it is open
 * anywhere, nobody else gets the file.
 *
 * ERROR_STATE: somebody else has it open, or it belongs to another image than this one.
 */
int delta_file_open(struct store *store, const char *owner, const struct image *image, int *out_fd,
                    struct error *err);

struct delta_file {
    char key[STORE_KEY_SIZE];
    char image[STORE_KEY_SIZE];
    char *owner;    /* the list's */
    uint64_t bytes; /* on disk */
    bool is_in_use;
};

/* The delta files of a store, sorted by owner; damaged ones have none, "". */
int delta_file_list(struct store *store, struct delta_file **out, size_t *out_n, struct error *err);

/* Accepts NULL with 0. */
void delta_file_list_free(struct delta_file *files, size_t n);

/* Removes the delta file whose key starts with a text, and what the guest wrote with it. ERROR_NOT_FOUND,
 * ERROR_INPUT when there are several, ERROR_STATE when it is in use. */
int delta_file_remove(struct store *store, const char *key, struct error *err);

#endif
