/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#define RET 0xc3

static unsigned char code[] = {RET};

int guest_main(const struct boot_info *info)
{
    (void)info;
    ((void (*)(void))(uintptr_t)code)();
    return 0;
}
