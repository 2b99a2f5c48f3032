/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*compare)(const void *, const void *))
{
    const char *from = base;
    while (n > 0) {
        const char *middle = from + n / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            from = middle + size;
            n--;
        }
        n /= 2;
    }
    return NULL;
}
