/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <stdio.h>
#include <string.h>

struct buffer {
    char *data;
    size_t room, used; /* room keeps a byte for the NUL */
};

static void append(void *context, const char *data, size_t n)
{
    struct buffer *b = context;
    size_t part = n < b->room - b->used ? n : b->room - b->used;
    if (part > 0) /* data may be NULL otherwise, and even 0 bytes of that are undefined */
        memcpy(b->data + b->used, data, part);
    b->used += part;
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict format, va_list ap)
{
    struct buffer b = {.data = buf, .room = size > 0 ? size - 1 : 0};
    int n = format_print(append, &b, format, ap);
    if (size > 0)
        buf[b.used] = '\0';
    return n;
}
