/* SPDX-License-Identifier: Apache-2.0 */
/* A read into page 0: a fault in the code that the guest is lent, which the report names. */
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    return (int)solo5_block_read(1, 0, (uint8_t *)8, 512);
}
