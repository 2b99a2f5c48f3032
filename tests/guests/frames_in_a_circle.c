/* SPDX-License-Identifier: Apache-2.0 */
/* Traps with a frame pointer that leads back to itself: the report must end all the same. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    static uint64_t frame[2];

    (void)info;
    frame[0] = (uintptr_t)frame;
    frame[1] = (uintptr_t)guest_main;
    __asm__ __volatile__("mov %0, %%rbp\n\tud2" : : "r"(frame));
    return 0;
}
