/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the monitor to read a block over the guest's code. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    volatile struct hc_block_read call = {.handle = 1, .data = (void *)(uintptr_t)guest_main, .len = 512};
    hypercall(HYPERCALL_BLOCK_READ, &call);
    return 0;
}
