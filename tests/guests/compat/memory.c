/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to memory in steps from its first free page to its last, reads it back, and says how much there is:
 * the command line is the number of MiB that it expects.
 */
#include "guest.h"

#define MIB  (1ull << 20)
#define PAGE 4096u

static uint64_t parse(const char *text)
{
    uint64_t value = 0;
    for (; *text != '\0'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    return value;
}

int guest_main(const struct boot_info *info)
{
    uint64_t here = (uintptr_t)__builtin_frame_address(0);
    /* A few dozen pages, whatever the size is: no host has to have all of it. */
    uint64_t step = info->mem_size / 64 / PAGE * PAGE + PAGE;

    if (info->mem_size != parse((const char *)info->cmdline) * MIB)
        return 1;
    if (here > info->mem_size || here < info->mem_size - PAGE)
        return 2;
    for (uint64_t at = info->kernel_end; at < here - PAGE; at += step)
        *(volatile uint64_t *)at = at;
    *(volatile uint64_t *)(info->mem_size - PAGE - 8) = info->mem_size;
    for (uint64_t at = info->kernel_end; at < here - PAGE; at += step)
        if (*(volatile uint64_t *)at != at && *(volatile uint64_t *)at != info->mem_size)
            return 3;
    print("all there\n");
    return 0;
}
