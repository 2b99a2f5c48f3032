/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

char *strncpy(char *restrict dest, const char *restrict src, size_t n)
{
    size_t size = strnlen(src, n);
    memcpy(dest, src, size);
    memset(dest + size, 0, n - size);
    return dest;
}
