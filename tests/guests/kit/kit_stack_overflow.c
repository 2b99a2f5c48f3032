/* SPDX-License-Identifier: Apache-2.0 */
/* A stack that grows without end does not reach the heap. */
#include <stdlib.h>
#include <string.h>

/* What the compiler cannot know never to be true. */
static volatile int is_enough;

static int __attribute__((noinline)) grow(volatile char *above)
{
    volatile char frame[1000];
    frame[0] = above[0];
    return (is_enough ? 0 : grow(frame)) + frame[0];
}

int main(void)
{
    char *heap = malloc(5 << 20);
    memset(heap, 1, 5 << 20);
    return grow(heap);
}
