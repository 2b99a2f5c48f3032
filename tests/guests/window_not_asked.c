/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that knows nothing of windows has none, although it has a block device. */
#include "window.h"

int guest_main(const struct boot_info *info)
{
    if ((info->host_features & BOOT_FEATURE_WINDOWS) != 0 || info->n_windows != 0)
        return 2;
    return *(const volatile unsigned char *)0x200000000;
}
