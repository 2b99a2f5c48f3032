/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a unikernel's ELF file: a read-only private mapping. */
#ifndef IMAGE_H
#define IMAGE_H

#include "base/error.h"

#include <stddef.h>

struct image {
    void *bytes;
    size_t size;
};

/* Maps the whole file, which is regular and not empty. fd stays the caller's, and is not needed afterwards.
 * ERROR_NOT_EXEC for other files. */
int image_map(int fd, struct image *out, struct error *err);

/* Accepts a zeroed struct. */
void image_release(struct image *image);

#endif
