/* SPDX-License-Identifier: Apache-2.0 */
/* Heapsort: in place, without recursion, n log n in the worst case. */
#include <stdlib.h>

static void swap(char *a, char *b, size_t size)
{
    for (; size > 0; size--, a++, b++) {
        char c = *a;
        *a = *b;
        *b = c;
    }
}

void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char *a = base;
    size_t root = n / 2;

    /* First the heap is made, root by root from the last one; then its greatest goes to the end, n times. */
    while (n > 1) {
        if (root > 0) {
            root--;
        } else {
            n--;
            swap(a, a + n * size, size);
        }
        for (size_t i = root, child; (child = 2 * i + 1) < n; i = child) {
            if (child + 1 < n && compare(a + child * size, a + (child + 1) * size) < 0)
                child++;
            if (compare(a + i * size, a + child * size) >= 0)
                break;
            swap(a + i * size, a + child * size, size);
        }
    }
}
