/* SPDX-License-Identifier: Apache-2.0 */
/* A program with main() finds its arguments, its memory, its thread-local variables and the time. */
#include "check.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define YEAR_2020 1577836800

/* volatile: what the linker laid out has to be looked at */
static _Thread_local volatile int number = 7;
static _Thread_local volatile char zeros[100];
static _Thread_local _Alignas(64) volatile long aligned = 9;

extern uintptr_t __stack_chk_guard;

static void check_memory(void)
{
    char *a = malloc(100), *b = calloc(10, 10), *c = aligned_alloc(4096, 5000);
    CHECK(a != NULL && b != NULL && c != NULL && (uintptr_t)c % 4096 == 0);
    memset(a, 'a', 100);
    a = realloc(a, 100000);
    CHECK(a != NULL && a[0] == 'a' && a[99] == 'a' && b[99] == 0);
    free(a);
    free(b);
    free(c);
    free(NULL);
    errno = 0;
    CHECK(malloc((size_t)1 << 40) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc((size_t)1 << 40, (size_t)1 << 40) == NULL && errno == ENOMEM);
    /* Everything between program and stack can be had, again and again, and without touching the stack. */
    for (int i = 0; i < 3; i++) {
        char *all = malloc(5 << 20);
        CHECK(all != NULL);
        memset(all, i, 5 << 20);
        free(all);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc == 3 && strcmp(argv[1], "one") == 0 && strcmp(argv[2], "two words") == 0 && argv[3] == NULL);
    volatile uintptr_t address = (uintptr_t)&aligned;
    CHECK(number == 7 && zeros[50] == 0 && aligned == 9 && address % 64 == 0);
    number++;
    CHECK(number == 8);
    CHECK((__stack_chk_guard & 0xff) == 0 && __stack_chk_guard != 0);
    check_memory();
    CHECK(time(NULL) > YEAR_2020);
    printf("all is %s", "well"); /* without a newline: written out at the end */
    return 0;
}
