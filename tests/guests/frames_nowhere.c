/* SPDX-License-Identifier: Apache-2.0 */
/* Traps with a frame pointer into the monitor's own pages: the report must not look there. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    __asm__ __volatile__("mov %0, %%rbp\n\tud2" : : "r"(0x3fd0ull));
    return 0;
}
