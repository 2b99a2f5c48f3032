/* SPDX-License-Identifier: Apache-2.0 */
/* Where an archive's bytes go: a file, through a buffer, with a count of what went before. */
#ifndef STORAGE_ARCHIVE_SINK_H
#define STORAGE_ARCHIVE_SINK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct archive_sink {
    int fd; /* the caller's */
    char *buffer;
    size_t used;
    uint64_t written; /* bytes, those in the buffer included */
};

#define ARCHIVE_SINK_NONE ((struct archive_sink){.fd = -1})

int archive_sink_init(struct archive_sink *sink, int fd, struct error *err);
void archive_sink_release(struct archive_sink *sink);

int archive_sink_add(struct archive_sink *sink, const void *data, size_t size, struct error *err);

/* Adds zeros up to the next multiple of align, a power of two. */
int archive_sink_pad(struct archive_sink *sink, size_t align, struct error *err);

/* Copies exactly size bytes of a file from off on. A file that ends before is ERROR_STATE. */
int archive_sink_copy(struct archive_sink *sink, int fd, uint64_t off, uint64_t size, struct error *err);

/* Writes what is in the buffer. */
int archive_sink_flush(struct archive_sink *sink, struct error *err);

#endif
