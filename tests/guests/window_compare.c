/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the window with block reads, page by page, before and after it has written to every other page;
 * prints the first byte of each page, both times, and at the end "c" when the device says that it is
 * constant.
 */
#include "window.h"

#define PAGE 4096u

static unsigned char page[PAGE];

static int compare(const volatile unsigned char *window, uint64_t len)
{
    for (uint64_t off = 0; off < len; off += PAGE) {
        char first = (char)window[off];
        print_bytes(&first, 1);
        if (transfer(HYPERCALL_BLOCK_READ, off, page, PAGE) != RESULT_OK)
            return 1;
        for (unsigned i = 0; i < PAGE; i++)
            if (window[off + i] != page[i])
                return 2;
    }
    print("\n");
    return 0;
}

int guest_main(const struct boot_info *info)
{
    const struct boot_window *window = find_window(info);
    int result = compare(window->start, window->len);

    for (unsigned i = 0; i < PAGE; i++)
        page[i] = 'w';
    for (uint64_t off = PAGE; result == 0 && off < window->len; off += 2 * PAGE)
        if (transfer(HYPERCALL_BLOCK_WRITE, off, page, PAGE) != RESULT_OK &&
            (window->flags & BOOT_WINDOW_CONSTANT) == 0)
            return 3;
    for (unsigned i = 0; i < PAGE; i++)
        page[i] = 0;
    if (result == 0)
        result = compare(window->start, window->len);
    if ((window->flags & BOOT_WINDOW_CONSTANT) != 0)
        print("c");
    return result;
}
