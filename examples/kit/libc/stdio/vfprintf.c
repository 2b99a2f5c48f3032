/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"
#include "stream.h"

static void write_to_stream(void *context, const char *data, size_t n)
{
    stream_write(context, data, n);
}

int vfprintf(FILE *restrict f, const char *restrict format, va_list ap)
{
    int n = format_print(write_to_stream, f, format, ap);
    stream_end(f);
    return n;
}
