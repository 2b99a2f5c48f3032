/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that has loaded its own tables gets each of its exceptions, with the vector, error code and address
 * that a CPU in ring 0 would give it, and goes on: what a language's runtime does with them is its affair.
 * Around them are the instructions that runtimes execute when they start.
 */
#include "guest.h"

#define CODE_SELECTOR 0x08u
#define DATA_SELECTOR 0x10u
#define FLAG_TRAP     0x100u
#define MSR_FS_BASE   0xc0000100u
#define MSR_GS_BASE   0xc0000101u
#define UNMAPPED      0x800000000000ull /* canonical only just not */
#define BEYOND        0x700000000ull

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

/* What the last exception was, and where to go on. */
static volatile unsigned last_vector;
static volatile uint64_t last_code, last_address;
static volatile uint64_t resume_at;

#define HANDLER(n)                                                                                  \
    __attribute__((interrupt, target("general-regs-only"))) static void on_##n(struct frame *frame) \
    {                                                                                               \
        last_vector = n;                                                                            \
        frame->rip = resume_at;                                                                     \
        frame->rflags &= ~(uint64_t)FLAG_TRAP;                                                      \
    }
#define HANDLER_WITH_CODE(n)                                                                        \
    __attribute__((interrupt, target("general-regs-only"))) static void on_##n(struct frame *frame, \
                                                                               uint64_t code)       \
    {                                                                                               \
        uint64_t address;                                                                           \
        __asm__ __volatile__("mov %%cr2, %0" : "=r"(address));                                      \
        last_vector = n;                                                                            \
        last_code = code;                                                                           \
        last_address = address;                                                                     \
        frame->rip = resume_at;                                                                     \
    }
HANDLER(0)
HANDLER(1)
HANDLER(3)
HANDLER(6)
HANDLER(16)
HANDLER(19)
HANDLER_WITH_CODE(13)
HANDLER_WITH_CODE(14)

static void set_gate(unsigned vector, uint64_t handler)
{
    idt[vector] = (struct gate){.low = (handler & 0xffff) | CODE_SELECTOR << 16 | 0x8eull << 40 |
                                       (handler >> 16 & 0xffff) << 48,
                                .high = handler >> 32};
}

static void load_tables(void)
{
    volatile struct table gdt_table = {sizeof(gdt) - 1, (uintptr_t)gdt};
    volatile struct table idt_table = {sizeof(idt) - 1, (uintptr_t)idt};

    set_gate(0, (uintptr_t)on_0);
    set_gate(1, (uintptr_t)on_1);
    set_gate(3, (uintptr_t)on_3);
    set_gate(6, (uintptr_t)on_6);
    set_gate(13, (uintptr_t)on_13);
    set_gate(14, (uintptr_t)on_14);
    set_gate(16, (uintptr_t)on_16);
    set_gate(19, (uintptr_t)on_19);
    __asm__ __volatile__("lgdt %0\n\t"
                         "push %1\n\t"
                         "push $1f\n\t"
                         "lretq\n"
                         "1:\n\t"
                         "mov %2, %%ss\n\t"
                         "mov %2, %%ds\n\t"
                         "mov %2, %%es\n\t"
                         "mov %2, %%fs\n\t"
                         "mov %2, %%gs\n\t"
                         "lidt %3"
                         :
                         : "m"(gdt_table), "i"(CODE_SELECTOR), "r"(DATA_SELECTOR), "m"(idt_table)
                         : "memory");
}

/* Executes what must raise an exception, and finds out which. */
#define RAISES(vector, code, ...)                                    \
    __extension__({                                                  \
        last_vector = 99;                                            \
        __asm__ __volatile__("movq $7f, %0\n\t" code "\n7:\n\t"      \
                             : "=m"(resume_at)                       \
                             : __VA_ARGS__                           \
                             : "memory", "rax", "rcx", "rdx", "cc"); \
        last_vector == (vector);                                     \
    })

static int check_integers(void)
{
    return RAISES(0, "xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\tdiv %%ecx", "i"(0)) &&
           RAISES(3, "int3", "i"(0)) && RAISES(6, "ud2", "i"(0)) &&
           RAISES(1, "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop", "i"(0));
}

static int check_addresses(void)
{
    uint64_t beyond = BEYOND;

    if (!RAISES(14, "movb $1, (%1)", "r"(beyond)) || last_code != 2 || last_address != BEYOND)
        return 0;
    if (!RAISES(14, "mov (%1), %%al", "r"(beyond + 8)) || last_code != 0 || last_address != BEYOND + 8)
        return 0;
    return RAISES(13, "mov (%1), %%al", "r"(UNMAPPED)) && last_code == 0;
}

static int check_numbers(void)
{
    static const uint16_t unmasked = 0x33b; /* division by zero raises */

    int is_right = RAISES(16, "fninit\n\tfldcw %1\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait", "m"(unmasked));
    __asm__ __volatile__("fninit");
    return is_right;
}

static int check_vectors(void)
{
    static const uint32_t unmasked = 0x1d80; /* division by zero raises */
    static const uint32_t masked = 0x1f80;

    int is_right = RAISES(19,
                          "ldmxcsr %1\n\txorps %%xmm0, %%xmm0\n\tpcmpeqd %%xmm1, %%xmm1\n\tpslld $25, "
                          "%%xmm1\n\tpsrld $2, %%xmm1\n\tdivps %%xmm0, %%xmm1",
                          "m"(unmasked));
    __asm__ __volatile__("ldmxcsr %0" : : "m"(masked));
    return is_right;
}

static void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ __volatile__("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return low | (uint64_t)high << 32;
}

static int check_bases(void)
{
    static uint64_t blocks[2] = {41, 42};
    uint64_t a, b;

    write_msr(MSR_FS_BASE, (uintptr_t)&blocks[0]);
    write_msr(MSR_GS_BASE, (uintptr_t)&blocks[1]);
    __asm__ __volatile__("mov %%fs:0, %0\n\tmov %%gs:0, %1" : "=r"(a), "=r"(b));
    return a == 41 && b == 42 && read_msr(MSR_FS_BASE) == (uintptr_t)&blocks[0] &&
           read_msr(MSR_GS_BASE) == (uintptr_t)&blocks[1];
}

/* The interrupt flag comes and goes without a trace, the others stay. */
static int check_flags(void)
{
    uint64_t flags;

    __asm__ __volatile__(
        "cli\n\tsti\n\tpushfq\n\tcli\n\tpopfq\n\tstc\n\tstd\n\tsti\n\tpushfq\n\tpop %0\n\tcld"
        : "=r"(flags)
        :
        : "cc", "memory");
    return (flags & 0x401) == 0x401;
}

int guest_main(const struct boot_info *info)
{
    uint32_t eax = 0, ebx, ecx, edx, selector;

    (void)info;
    load_tables();
    __asm__ __volatile__("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    __asm__ __volatile__("rdtsc\n\tpause\n\tmov %%ds, %0" : "=r"(selector) : : "rax", "rdx");
    if (!check_integers())
        return 1;
    if (!check_addresses())
        return 2;
    if (!check_numbers())
        return 3;
    if (!check_bases())
        return 4;
    if (!check_flags())
        return 5;
    print("all raised\n");
    print(check_vectors() ? "vectors raise, too\n" : "vectors raise nothing\n");
    return 0;
}
