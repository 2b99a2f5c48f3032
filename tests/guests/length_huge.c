/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    print_bytes("x", UINT64_MAX);
    return 0;
}
