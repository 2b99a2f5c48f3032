/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps to the selector that Linux has for 32-bit code. A KVM that runs ring 3 on the host's own tables may
 * follow; then privileged instructions of 32-bit code must not get further than those of 64-bit code.
 */
#include "guest.h"

#define LINUX_USER_CODE_32 0x23

int guest_main(const struct boot_info *info)
{
    (void)info;
    __asm__ __volatile__("push %0\n\t"
                         "push $1f\n\t"
                         "lretq\n"
                         "1:\n\t"
                         ".code32\n\t"
                         "mov %%eax, %%cr3\n\t"
                         "hlt\n\t"
                         ".code64"
                         :
                         : "i"(LINUX_USER_CODE_32)
                         : "memory");
    return 0;
}
