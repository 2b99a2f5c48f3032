/* SPDX-License-Identifier: Apache-2.0 */
/* Counts on the console for ever, a line for each number. */
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    for (uint64_t number = 1;; number++) {
        char line[20];
        unsigned at = sizeof(line);
        line[--at] = '\n';
        for (uint64_t left = number; left > 0; left /= 10)
            line[--at] = (char)('0' + left % 10);
        solo5_console_write(line + at, sizeof(line) - at);
    }
}
