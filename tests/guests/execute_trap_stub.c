/* SPDX-License-Identifier: Apache-2.0 */
/* Jumps to the ring 0 code that serves exceptions. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    ((void (*)(void))(uintptr_t)0x2000)();
    return 0;
}
