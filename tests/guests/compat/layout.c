/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a linker has laid out is there, however it has laid it out: constants, data, zeroes, all of it where
 * the program expects it. A program that never finds out where it lies.
 */
#include "guest.h"

#ifndef WORDS
#define WORDS 3000u /* a few pages, and not a whole number */
#endif

static const uint32_t constants[WORDS] = {[0] = 1, [WORDS / 2] = 2, [WORDS - 1] = 3};
static volatile uint32_t data[WORDS] = {[0] = 4, [WORDS / 2] = 5, [WORDS - 1] = 6};
static volatile uint32_t zeroes[WORDS];

#ifdef WITH_THREAD_DATA
/* Never used, as nobody sets up a thread: but then the file has a PT_TLS header. */
__thread uint32_t thread_data[4] = {1, 2, 3, 4};
#endif

static uint32_t sum(const volatile uint32_t *words)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < WORDS; i++)
        total += words[i];
    return total;
}

int guest_main(const struct boot_info *info)
{
    if (sum(constants) != 6 || sum(data) != 15 || sum(zeroes) != 0)
        return 1;
    if (constants[WORDS - 1] != 3 || data[0] != 4)
        return 2;
    for (uint32_t i = 0; i < WORDS; i++)
        data[i] = zeroes[i] = i;
    if (sum(data) != sum(zeroes) || sum(constants) != 6)
        return 3;
    /* The rest of memory is zero, too. */
    for (const volatile uint64_t *at = (const volatile uint64_t *)info->kernel_end;
         (uintptr_t)at < info->kernel_end + 65536 && (uintptr_t)at < info->mem_size - 65536; at++)
        if (*at != 0)
            return 4;
    print("laid out\n");
    return 0;
}
