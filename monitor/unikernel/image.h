/* SPDX-License-Identifier: Apache-2.0 */
/* A unikernel's ELF file: its bytes, as a read-only private mapping, and the file to map more from. */
#ifndef IMAGE_H
#define IMAGE_H

#include "base/error.h"

#include <stddef.h>

struct image {
    void *bytes;
    size_t size;
    int fd; /* owned */
};

/* Maps the whole file, which is regular and not empty; ERROR_NOT_EXEC for others. fd stays the caller's. */
int image_map(int fd, struct image *out, struct error *err);

/* Accepts a zeroed struct. */
void image_release(struct image *image);

#endif
