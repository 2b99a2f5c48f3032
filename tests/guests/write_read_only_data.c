/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

static const char text[] = "constant";

int guest_main(const struct boot_info *info)
{
    (void)info;
    *(volatile char *)(uintptr_t)text = 'C';
    return 0;
}
