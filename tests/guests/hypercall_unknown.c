/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    out32(HYPERCALL_PORT, 0);
    return 0;
}
