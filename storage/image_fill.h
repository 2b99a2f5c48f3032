/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of an image that is not there when its container starts: small files, copied one after the other
 * into a file that grows, while the guest already runs. Its size says how far it is, and the end of a pipe
 * that it gets no further.
 */
#ifndef STORAGE_IMAGE_FILL_H
#define STORAGE_IMAGE_FILL_H

#include "layer_copy.h"

struct image_fill {
    struct layer_runs runs;
    struct layer_copy_source *sources; /* one for each layer of the source, whose tables they borrow */
    int file_fd;                       /* what is written to; -1: there is nothing to fill */
    int pipe_fd;                       /* the end of the pipe that nobody writes to */
};

#define IMAGE_FILL_NONE ((struct image_fill){.file_fd = -1, .pipe_fd = -1})

/* Copies what is to be copied. Who looks for progress learns of the end from image_fill_release(). */
int image_fill_run(const struct image_fill *fill, struct error *err);

/* Accepts IMAGE_FILL_NONE. */
void image_fill_release(struct image_fill *fill);

#endif
