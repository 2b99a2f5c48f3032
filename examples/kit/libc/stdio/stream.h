/* SPDX-License-Identifier: Apache-2.0 */
/* A stream to the console. */
#ifndef STDIO_STREAM_H
#define STDIO_STREAM_H

#include <stdbool.h>
#include <stdio.h>

#define STREAM_BUFFER_SIZE 1024

struct stdio_file {
    bool has_buffer; /* keeps back what follows the last newline */
    size_t used;
    char buffer[STREAM_BUFFER_SIZE];
};

/* Takes n bytes: into the buffer, or out to the console. */
void stream_write(struct stdio_file *f, const char *data, size_t n);

/* Writes out what stdout keeps back; solo5_exit() calls it. */
void stdio_exit(void);

#endif
