/* SPDX-License-Identifier: Apache-2.0 */
/* Reads where the monitor keeps the GDT and its friends. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    return *(volatile char *)(uintptr_t)0x1000;
}
