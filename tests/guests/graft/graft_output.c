/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of all sizes up to more than can be gathered, by each way there is, with other hypercalls in
 * between; then the end that ENDING says: 0 a halt, 1 an abort, 2 an exception.
 */
#include "solo5_library.h"

#ifndef ENDING
#define ENDING 0
#endif

#define MAX 70000u

static char text[MAX];
static uint8_t block[512];

static void fill(void)
{
    for (unsigned i = 0; i < MAX; i++)
        text[i] = i % 61 == 60 ? '\n' : (char)('0' + (i / 61 + i) % 75);
}

static void write_all_sizes(void)
{
    for (size_t size = 0; size <= MAX; size = size < 70 ? size + 1 : size + size / 3 + 7) {
        solo5_console_write(text, size);
        if (platform_puts(text + size % 13, 17) != 17)
            print("wrong\n");
        if (size % 5 == 0)
            print("by hypercall\n");
        if (size % 7 == 0)
            (void)solo5_block_write(1, 0, block, sizeof(block));
    }
}

/* As many as fit, and more. */
static void write_much(void)
{
    for (unsigned i = 0; i < 3000; i++)
        solo5_console_write(text + i % 61, 61);
}

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    print_grafted((const void *)solo5_console_write);
    print(is_grafted((const void *)platform_puts) == is_grafted((const void *)solo5_console_write)
              ? "both alike\n"
              : "one of them\n");
    fill();
    write_all_sizes();
    write_much();
    solo5_console_write("the end", 7);
    if (ENDING == 2)
        __asm__ __volatile__("ud2");
    return ENDING == 1 ? 255 : 3;
}
