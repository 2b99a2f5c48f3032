/* SPDX-License-Identifier: Apache-2.0 */
/* Writes, and then never exits again. */
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    for (unsigned i = 0; i < 20; i++)
        solo5_console_write("words\n", 6);
    solo5_console_write("last words\n", 11);
    for (;;)
        __asm__ __volatile__("pause");
}
