/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library in the manner of Solo5's, for guests that are lent code by the monitor: the functions of the
 * interface that make a hypercall, each by one, in a file of its own.
 */
#ifndef SOLO5_LIBRARY_H
#define SOLO5_LIBRARY_H

#include "guest.h"
#include "solo5.h"

/* Before any other call. */
void solo5_library_init(const struct boot_info *info);

/* What Solo5's library writes its own messages by. */
int platform_puts(const char *buf, int size);

/* Whether the monitor has replaced a function: it begins with a jump; or its hypercall, of which it has one:
 * there is a call. */
int is_grafted(const void *function);

/* Says so on the console, in a line of its own. */
static inline void print_grafted(const void *function)
{
    print(is_grafted(function) ? "grafted\n" : "as it is\n");
}

static inline void print_number(uint64_t number)
{
    char digits[21];
    unsigned at = sizeof(digits);

    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    print_bytes(digits + at, sizeof(digits) - at);
    print("\n");
}

#endif
