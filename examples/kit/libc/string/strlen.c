/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

size_t strlen(const char *s)
{
    const char *end = s;
    while (*end != '\0')
        end++;
    return (size_t)(end - s);
}
