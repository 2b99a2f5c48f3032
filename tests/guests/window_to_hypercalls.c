/* SPDX-License-Identifier: Apache-2.0 */
/* Passes the window's addresses to hypercalls that read: what they get is what the device holds. */
#include "window.h"

static unsigned char block[512] = "from the window\n";

int guest_main(const struct boot_info *info)
{
    const struct boot_window *window = find_window(info);
    const char *text = window->start;

    if (transfer(HYPERCALL_BLOCK_WRITE, 0, block, sizeof(block)) != RESULT_OK)
        return 1;
    print_bytes(text, 16);
    if (transfer(HYPERCALL_BLOCK_WRITE, 8192, text, sizeof(block)) != RESULT_OK)
        return 2;
    for (unsigned i = 0; i < sizeof(block); i++)
        if (text[8192 + i] != (char)block[i])
            return 3;
    /* The last byte is the guest's to name, the one after it is not. */
    print_bytes(text + window->len - 1, 1);
    print_bytes(text + window->len - 1, 2);
    return 4;
}
