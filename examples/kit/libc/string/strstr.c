/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

char *strstr(const char *haystack, const char *needle)
{
    size_t size = strlen(needle);
    for (; strncmp(haystack, needle, size) != 0; haystack++)
        if (*haystack == '\0')
            return NULL;
    return (char *)haystack;
}
