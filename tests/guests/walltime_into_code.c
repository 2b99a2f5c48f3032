/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the monitor to write where the guest may not. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    hypercall(HYPERCALL_WALLTIME, (volatile void *)(uintptr_t)guest_main);
    return 0;
}
