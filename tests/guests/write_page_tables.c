/* SPDX-License-Identifier: Apache-2.0 */
/* The tables lie right above the guest's memory. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    *(volatile uint64_t *)(uintptr_t)info->mem_size = 0;
    return 0;
}
