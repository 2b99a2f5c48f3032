/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to a block device's window. */
#include "window.h"

int guest_main(const struct boot_info *info)
{
    volatile unsigned char *bytes = (unsigned char *)(uintptr_t)find_window(info)->start;
    bytes[5000] = bytes[5000];
    return 0;
}
