/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

void *memmove(void *dest, const void *src, size_t n)
{
    /* Also true when dest lies below src: the difference wraps. */
    if ((uintptr_t)dest - (uintptr_t)src >= n)
        return memcpy(dest, src, n);

    unsigned char *to = dest;
    const unsigned char *from = src;
    while (n-- > 0)
        to[n] = from[n];
    return dest;
}
