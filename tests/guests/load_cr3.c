/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    __asm__ __volatile__("mov %0, %%cr3" : : "r"(0ul));
    return 0;
}
