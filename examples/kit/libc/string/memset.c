/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

void *memset(void *dest, int c, size_t n)
{
    void *to = dest;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
    return dest;
}
