/* SPDX-License-Identifier: Apache-2.0 */
/* A stream to the console. */
#ifndef STDIO_STREAM_H
#define STDIO_STREAM_H

#include <stdio.h>

#define STREAM_BUFFER_SIZE 1024

struct stdio_file {
    int mode; /* _IOFBF, _IOLBF or _IONBF: what it keeps back */
    size_t used;
    char buffer[STREAM_BUFFER_SIZE];
};

/* Takes n bytes of an output operation, which stream_end() ends. */
void stream_write(struct stdio_file *f, const char *data, size_t n);
void stream_end(struct stdio_file *f);

/* Writes out what stdout keeps back; solo5_exit() calls it. */
void stdio_exit(void);

#endif
