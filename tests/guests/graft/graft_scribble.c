/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims to have gathered more output than there is room for; then exits, or with SPIN never does while the
 * monitor looks for output.
 */
#include "graft_layout.h"
#include "solo5_library.h"

/* By far more: the monitor may be taking what was said. */
static void claim(struct graft_console *console)
{
    console->tail = console->head + 2 * sizeof(console->bytes);
    /* As a write does: the claim is there before is_watched is looked at. */
    __sync_synchronize();
}

int guest_main(const struct boot_info *info)
{
    struct graft_console *console = (struct graft_console *)LOW_GRAFT_DATA;

    solo5_library_init(info);
    solo5_console_write("so far\n", 7);
    claim(console);
#ifdef SPIN
    for (;;) {
        while (console->is_watched != 0)
            __asm__ __volatile__("pause");
        /* The monitor had ended its watch before the claim. Writes that follow each other bring it back. */
        console->tail = console->head;
        solo5_console_write("again\n", 6);
        solo5_console_write("again\n", 6);
        claim(console);
    }
#endif
    return 0;
}
