/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    uint8_t value;
    __asm__ __volatile__("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)0x60));
    return 0;
}
