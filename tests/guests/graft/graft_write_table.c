/* SPDX-License-Identifier: Apache-2.0 */
/* The table that says where windows are is for reading. */
#include "graft_layout.h"
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    volatile unsigned char *table = (volatile unsigned char *)LOW_GRAFT_TABLE;

    solo5_library_init(info);
    *table = *table;
    return 0;
}
