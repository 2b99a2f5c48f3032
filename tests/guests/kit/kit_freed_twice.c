/* SPDX-License-Identifier: Apache-2.0 */
/* A block that is freed twice ends the program. */
#include <stdio.h>
#include <stdlib.h>

/* Of one number, which is not aligned as the others are. */
static _Thread_local volatile char number = 42;

int main(void)
{
    char *p = malloc(100), *q = p;
    if (number != 42)
        return 1;
    puts("before");
    free(p);
    free(q);
    puts("after");
    return 0;
}
