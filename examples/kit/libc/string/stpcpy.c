/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

char *stpcpy(char *restrict dest, const char *restrict src)
{
    size_t size = strlen(src);
    memcpy(dest, src, size + 1);
    return dest + size;
}
