/* SPDX-License-Identifier: Apache-2.0 */
/* Claims to have gathered more output than there is room for; then exits, or with SPIN never does. */
#include "graft_layout.h"
#include "solo5_library.h"

int guest_main(const struct boot_info *info)
{
    struct graft_console *console = (struct graft_console *)LOW_GRAFT_DATA;

    solo5_library_init(info);
    solo5_console_write("so far\n", 7);
    /* By far more: the monitor may be taking what was said. */
    console->tail = console->head + 2 * sizeof(console->bytes);
#ifdef SPIN
    for (;;)
        __asm__ __volatile__("pause");
#endif
    return 0;
}
