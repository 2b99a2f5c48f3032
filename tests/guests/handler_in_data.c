/* SPDX-License-Identifier: Apache-2.0 */
/* An exception handler that is not executable: entering it is a breach, not a loop. */
#include "guest.h"

struct table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static struct {
    uint64_t low;
    uint64_t high;
} idt[32];

int guest_main(const struct boot_info *info)
{
    volatile struct table table = {sizeof(idt) - 1, (uintptr_t)idt};
    uint64_t handler = (uintptr_t)idt;

    (void)info;
    idt[6].low = (handler & 0xffff) | 0x33ull << 16 | 0x8eull << 40 | (handler >> 16 & 0xffff) << 48;
    __asm__ __volatile__("lidt %0\n\tud2" : : "m"(table));
    return 0;
}
