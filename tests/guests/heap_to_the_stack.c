/* SPDX-License-Identifier: Apache-2.0 */
/* Uses all memory that Solo5 gives to a guest: the stack's guard must not be in the way. */
#include "guest.h"

#define STACK_IN_USE 65536u

int guest_main(const struct boot_info *info)
{
    uintptr_t end = info->mem_size - STACK_IN_USE;

    for (uintptr_t addr = info->kernel_end; addr < end; addr += 4096)
        *(volatile uintptr_t *)addr = addr;
    for (uintptr_t addr = info->kernel_end; addr < end; addr += 4096)
        if (*(volatile uintptr_t *)addr != addr)
            return 1;
    return 0;
}
