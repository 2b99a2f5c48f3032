/* SPDX-License-Identifier: Apache-2.0 */
/* Data of a megabyte, constant and not: all of it is there, and what the file does not fill is zero. */
#include "guest.h"

#define WORDS 131075u /* no whole number of pages */

static const uint64_t constant[WORDS] = {[0] = 1, [1000] = 2, [65536] = 3, [WORDS - 1] = 4};
static uint64_t variable[WORDS] = {[0] = 5, [1000] = 6, [65536] = 7, [WORDS - 1] = 8};
static uint64_t zero[WORDS];

static uint64_t sum(const volatile uint64_t *words)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < WORDS; i++)
        total += words[i] * (i + 1);
    return total;
}

static uint64_t expected_sum(uint64_t first)
{
    return first * 1 + (first + 1) * 1001 + (first + 2) * 65537 + (first + 3) * WORDS;
}

int guest_main(const struct boot_info *info)
{
    (void)info;
    if (sum(constant) != expected_sum(1))
        return 1;
    if (sum(variable) != expected_sum(5))
        return 2;
    if (sum(zero) != 0)
        return 3;
    variable[2000] = 1;
    zero[2000] = 1;
    return sum(variable) == expected_sum(5) + 2001 && sum(zero) == 2001 ? 0 : 4;
}
