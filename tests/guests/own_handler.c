/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installs tables as a guest in ring 0 does, handles an exception and returns from it: the guest's handler
 * skips the invalid instruction, and the flags and registers around it are as before.
 */
#include "guest.h"

#define CODE_SELECTOR              0x08u
#define DATA_SELECTOR              0x10u
#define VECTOR_INVALID_INSTRUCTION 6u
#define UD2_BYTES                  2u

struct table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct gate {
    uint64_t low;
    uint64_t high;
};

struct frame {
    uint64_t rip, cs, rflags, rsp, ss;
};

static uint64_t gdt[3] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff};
static struct gate idt[32];
static volatile unsigned n_handled;

__attribute__((interrupt, target("general-regs-only"))) static void on_invalid_instruction(
    struct frame *frame)
{
    n_handled++;
    frame->rip += UD2_BYTES;
}

static void load_tables(void)
{
    uint64_t handler = (uintptr_t)on_invalid_instruction;
    volatile struct table gdt_table = {sizeof(gdt) - 1, (uintptr_t)gdt};
    volatile struct table idt_table = {sizeof(idt) - 1, (uintptr_t)idt};

    idt[VECTOR_INVALID_INSTRUCTION] = (struct gate){.low = (handler & 0xffff) | CODE_SELECTOR << 16 |
                                                           0x8eull << 40 | (handler >> 16 & 0xffff) << 48,
                                                    .high = handler >> 32};
    __asm__ __volatile__("lgdt %0\n\t"
                         "push %1\n\t"
                         "push $1f\n\t"
                         "lretq\n"
                         "1:\n\t"
                         "mov %2, %%ss\n\t"
                         "mov %2, %%ds\n\t"
                         "mov %2, %%es\n\t"
                         "lidt %3"
                         :
                         : "m"(gdt_table), "i"(CODE_SELECTOR), "r"(DATA_SELECTOR), "m"(idt_table)
                         : "memory");
}

int guest_main(const struct boot_info *info)
{
    uint64_t kept = 0x123456789abcdef0;

    (void)info;
    load_tables();
    __asm__ __volatile__("cli");
    for (unsigned i = 0; i < 3; i++)
        __asm__ __volatile__("ud2" : "+r"(kept));
    __asm__ __volatile__("sti");
    return n_handled == 3 && kept == 0x123456789abcdef0 ? 0 : 1;
}
