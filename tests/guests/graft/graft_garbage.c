/* SPDX-License-Identifier: Apache-2.0 */
/* Other values in the monitor's words than the monitor's: they harm the guest's own output only. */
#include "graft_layout.h"
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    struct graft_console *console = (struct graft_console *)LOW_GRAFT_DATA;

    solo5_library_init(info);
    for (unsigned i = 0; i < 1000; i++) {
        console->is_watched = i % 3;
        console->head = console->tail - i % 30;
        solo5_console_write("a line of text\n", 15);
    }
    return 5;
}
