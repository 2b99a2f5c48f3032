/* SPDX-License-Identifier: Apache-2.0 */
/* Traps with a frame pointer of which only half is in memory. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    __asm__ __volatile__("mov %0, %%rbp\n\tud2" : : "r"(info->mem_size - 8));
    return 0;
}
