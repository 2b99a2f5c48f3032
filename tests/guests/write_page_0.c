/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    *(volatile char *)(uintptr_t)8 = 1;
    return 0;
}
