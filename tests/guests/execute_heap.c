/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#define RET 0xc3

int guest_main(const struct boot_info *info)
{
    volatile unsigned char *code = (volatile unsigned char *)(uintptr_t)info->kernel_end;

    *code = RET;
    ((void (*)(void))(uintptr_t)code)();
    return 0;
}
