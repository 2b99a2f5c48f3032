/* SPDX-License-Identifier: Apache-2.0 */
/* A patch file (overlay/extent.h) on its way: in memory, then a sealed memory file. */
#ifndef STORAGE_PATCH_FILE_H
#define STORAGE_PATCH_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct patch_file {
    char *bytes;
    size_t size, room;
};

#define PATCH_FILE_NONE ((struct patch_file){.bytes = NULL})

/* Adds size bytes (not 0) that stand at off in the image. */
int patch_file_add(struct patch_file *file, uint64_t off, const void *data, size_t size, struct error *err);

/* Makes the file, sealed and at its start; *out_fd is the caller's. */
int patch_file_make(const struct patch_file *file, int *out_fd, struct error *err);

/* Accepts PATCH_FILE_NONE. */
void patch_file_release(struct patch_file *file);

#endif
