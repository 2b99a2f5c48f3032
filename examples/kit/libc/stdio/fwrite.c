/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

size_t fwrite(const void *restrict data, size_t size, size_t n, FILE *restrict f)
{
    stream_write(f, data, size * n);
    stream_end(f);
    return n;
}
