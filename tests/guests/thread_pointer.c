/* SPDX-License-Identifier: Apache-2.0 */
/* Sets FS_BASE as a guest in ring 0 does, and reads through it. */
#include "guest.h"

#define MSR_FS_BASE 0xc0000100u

int guest_main(const struct boot_info *info)
{
    static uint64_t block[2] = {0, 42};
    uint64_t base = (uintptr_t)block, value;

    (void)info;
    __asm__ __volatile__("wrmsr" : : "c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)));
    __asm__ __volatile__("mov %%fs:8, %0" : "=r"(value));
    return value == 42 ? 0 : 1;
}
