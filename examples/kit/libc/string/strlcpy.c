/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

size_t strlcpy(char *restrict dest, const char *restrict src, size_t size)
{
    size_t whole = strlen(src);
    if (size > 0) {
        size_t part = whole < size ? whole : size - 1;
        memcpy(dest, src, part);
        dest[part] = '\0';
    }
    return whole;
}
