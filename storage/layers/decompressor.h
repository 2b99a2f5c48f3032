/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a compressed file through a process that can do nothing but that: libarchive and what it loads run
 * in a child whose only system calls are to read that file, to write its pipe and to get memory. The caller
 * itself never loads the library.
 */
#ifndef STORAGE_DECOMPRESSOR_H
#define STORAGE_DECOMPRESSOR_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum decompressor_kind { DECOMPRESSOR_GZIP, DECOMPRESSOR_ZSTD };

struct decompressor {
    pid_t pid;    /* 0: none */
    int fd;       /* where the bytes come from */
    int error_fd; /* what went wrong, in words */
};

#define DECOMPRESSOR_NONE ((struct decompressor){.fd = -1, .error_fd = -1})

/* Starts to decompress size bytes of a file from its position on; the position moves as they are read. in_fd
 * stays the caller's. */
int decompressor_start(struct decompressor *out, enum decompressor_kind kind, int in_fd, uint64_t size,
                       struct error *err);

/* Reads up to size bytes; *out_n is 0 at the end. What cannot be decompressed is ERROR_INPUT. */
int decompressor_read(struct decompressor *decompressor, void *buf, size_t size, size_t *out_n,
                      struct error *err);

/* Ends the process, wherever it is. Accepts DECOMPRESSOR_NONE. */
void decompressor_release(struct decompressor *decompressor);

#endif
