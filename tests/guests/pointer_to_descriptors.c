/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the monitor to print what the guest may not read. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    print_bytes((const char *)(uintptr_t)0x1000, 16);
    return 0;
}
