/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a layer, opened by their entries. */
#ifndef STORAGE_LAYER_OPEN_H
#define STORAGE_LAYER_OPEN_H

#include "layer.h"

/* Opens an entry below the directory that the layer was scanned from, however long its path is. Follows no
 * symlink. flags are open(2)'s. */
int layer_open(int root_fd, const struct layer *layer, uint32_t entry, int flags, int *out_fd,
               struct error *err);

/* Opens a regular file and checks that it is still of the size that was scanned. */
int layer_open_file(int root_fd, const struct layer *layer, uint32_t entry, int *out_fd, struct error *err);

#endif
