/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    static char text[65536];

    (void)info;
    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = i % 64 == 63 ? '\n' : 'x';
    for (unsigned i = 0; i < 1024; i++)
        print_bytes(text, sizeof(text));
    return 3;
}
