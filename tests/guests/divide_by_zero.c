/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    __asm__ __volatile__("div %0" : : "r"(0u), "a"(1u), "d"(0u));
    return 0;
}
