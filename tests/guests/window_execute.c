/* SPDX-License-Identifier: Apache-2.0 */
/* Executes what a block device holds. */
#include "window.h"

static const unsigned char code[512] = {0xc3}; /* ret */

int guest_main(const struct boot_info *info)
{
    const void *window = find_window(info)->start;
    if (transfer(HYPERCALL_BLOCK_WRITE, 0, code, sizeof(code)) != RESULT_OK)
        return 2;
    __asm__ __volatile__("call *%0" : : "r"(window) : "memory");
    return 0;
}
