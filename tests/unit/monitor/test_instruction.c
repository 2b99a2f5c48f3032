/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings as an assembler makes them, and what x86_64/instruction.h says about each. */
#include "x86_64/instruction.h"

#include "unit.h"

#include <string.h>

static const struct kvm_regs regs = {.rax = 0x1000,
                                     .rbx = 0x2000,
                                     .rcx = 0x3000,
                                     .rdx = 0x10,
                                     .rsp = 0x4000,
                                     .rbp = 0x5000,
                                     .r9 = 0x9000,
                                     .r12 = 0xc000,
                                     .r13 = 0xd000,
                                     .rip = 0x100000};

#define ORDINARY  INSTRUCTION_ORDINARY
#define FORBIDDEN INSTRUCTION_FORBIDDEN

static const struct {
    const char *text;
    const char *bytes;
    unsigned size;
    enum instruction_operation operation;
    const char *name;
    bool has_memory;
    uint64_t operand; /* the address or the register's number */
} cases[] = {
    {"wrmsr", "\x0f\x30", 2, INSTRUCTION_WRMSR, "wrmsr", false, 0},
    {"lgdt (%rax)", "\x0f\x01\x10", 3, INSTRUCTION_LGDT, "lgdt", true, 0x1000},
    {"lgdt (%r9)", "\x41\x0f\x01\x11", 4, INSTRUCTION_LGDT, "lgdt", true, 0x9000},
    {"lgdt -8(%rbp)", "\x0f\x01\x55\xf8", 4, INSTRUCTION_LGDT, "lgdt", true, 0x4ff8},
    {"lidt 8(%rsp)", "\x0f\x01\x5c\x24\x08", 5, INSTRUCTION_LIDT, "lidt", true, 0x4008},
    {"lidt (%r12)", "\x41\x0f\x01\x1c\x24", 5, INSTRUCTION_LIDT, "lidt", true, 0xc000},
    {"lidt 0(%r13)", "\x41\x0f\x01\x5d\x00", 5, INSTRUCTION_LIDT, "lidt", true, 0xd000},
    {"lgdt 0x100(%rip)", "\x0f\x01\x15\x00\x01\x00\x00", 7, INSTRUCTION_LGDT, "lgdt", true, 0x100107},
    {"lgdt 0x1234", "\x0f\x01\x14\x25\x34\x12\x00\x00", 8, INSTRUCTION_LGDT, "lgdt", true, 0x1234},
    {"lgdt 4(%rbx,%rdx,8)", "\x0f\x01\x54\xd3\x04", 5, INSTRUCTION_LGDT, "lgdt", true, 0x2084},
    {"lgdt 0x100(%rcx)", "\x0f\x01\x91\x00\x01\x00\x00", 7, INSTRUCTION_LGDT, "lgdt", true, 0x3100},
    {"ltr %cx", "\x0f\x00\xd9", 3, INSTRUCTION_LTR, "ltr", false, 1},
    {"ltr (%rax)", "\x0f\x00\x18", 3, INSTRUCTION_LTR, "ltr", true, 0x1000},
    {"mov %eax,%ss", "\x8e\xd0", 2, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register", false, 0},
    {"mov %r9d,%ds", "\x41\x8e\xd9", 3, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register", false, 9},
    {"mov %eax,%es", "\x8e\xc0", 2, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register", false, 0},
    {"mov %eax,%fs", "\x8e\xe0", 2, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register", false, 0},
    {"mov %eax,%gs", "\x8e\xe8", 2, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register", false, 0},
    {"mov %eax,%cs", "\x8e\xc8", 2, ORDINARY, "", false, 0},
    {"mov %eax, a sixth segment", "\x8e\xf0", 2, ORDINARY, "", false, 0},
    {"lretq", "\x48\xcb", 2, INSTRUCTION_FAR_RETURN, "lretq", false, 0},
    {"lret", "\xcb", 1, ORDINARY, "", false, 0},
    {"iretq", "\x48\xcf", 2, INSTRUCTION_INTERRUPT_RETURN, "iretq", false, 0},
    {"mov %cr2,%rdi", "\x0f\x20\xd7", 3, INSTRUCTION_READ_CR2, "mov from %cr2", false, 7},
    {"mov %cr2,%r9", "\x41\x0f\x20\xd1", 4, INSTRUCTION_READ_CR2, "mov from %cr2", false, 9},
    {"mov %cr3,%rax", "\x0f\x20\xd8", 3, FORBIDDEN, "mov from %cr", false, 0},
    {"mov %rax,%cr3", "\x0f\x22\xd8", 3, FORBIDDEN, "mov to %cr", false, 0},
    {"mov %rax,%cr2", "\x0f\x22\xd0", 3, FORBIDDEN, "mov to %cr", false, 0},
    {"mov %rax,%dr7", "\x0f\x23\xf8", 3, FORBIDDEN, "mov to %dr", false, 0},
    {"cli", "\xfa", 1, INSTRUCTION_CLI, "cli", false, 0},
    {"sti", "\xfb", 1, INSTRUCTION_STI, "sti", false, 0},
    {"hlt", "\xf4", 1, INSTRUCTION_HLT, "hlt", false, 0},
    {"rdmsr", "\x0f\x32", 2, INSTRUCTION_RDMSR, "rdmsr", false, 0},
    {"invlpg (%rax)", "\x0f\x01\x38", 3, FORBIDDEN, "invlpg", true, 0x1000},
    {"lmsw %ax", "\x0f\x01\xf0", 3, FORBIDDEN, "lmsw", false, 0},
    {"xsetbv", "\x0f\x01\xd1", 3, FORBIDDEN, "a privileged instruction (0f 01)", false, 0},
    {"lldt %ax", "\x0f\x00\xd0", 3, FORBIDDEN, "lldt", false, 0},
    {"wbinvd", "\x0f\x09", 2, FORBIDDEN, "wbinvd", false, 0},
    {"in (%dx),%al", "\xec", 1, FORBIDDEN, "in", false, 0},
    {"out %eax,(%dx)", "\xef", 1, FORBIDDEN, "out", false, 0},
    {"outw %ax,(%dx)", "\x66\xef", 2, FORBIDDEN, "out", false, 0},
    {"in $0x60,%al", "\xe4\x60", 2, FORBIDDEN, "in", false, 0},
    {"rep outsb", "\xf3\x6e", 2, FORBIDDEN, "out", false, 0},
    {"movaps (%rax),%xmm0", "\x0f\x28\x00", 3, ORDINARY, "", false, 0},
    {"mov (%rax),%rax", "\x48\x8b\x00", 3, ORDINARY, "", false, 0},
    {"mov $-2,%r9", "\x49\xc7\xc1\xfe\xff\xff\xff", 7, INSTRUCTION_LOAD_CONSTANT, "", false, 9},
    {"movl $2,%eax", "\xc7\xc0\x02\x00\x00\x00", 6, ORDINARY, "", false, 0},
    {"movq $2,(%rax)", "\x48\xc7\x00\x02\x00\x00\x00", 7, ORDINARY, "", true, 0},
    {"push $8", "\x6a\x08", 2, INSTRUCTION_PUSH, "", false, 0},
    {"push $0x10018b", "\x68\x8b\x01\x10\x00", 5, INSTRUCTION_PUSH, "", false, 0},
    {"pushw $8", "\x66\x6a\x08", 3, ORDINARY, "", false, 0},
    {"half of push", "\x68\x8b\x01", 3, ORDINARY, "", false, 0},
    {"nothing", "", 0, ORDINARY, "", false, 0},
    {"half of lgdt", "\x0f\x01\x14\x25\x34", 5, ORDINARY, "", false, 0},
    {"prefixes only", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xfa", 16, ORDINARY, "",
     false, 0},
};

START_TEST(an_encoding_is_decoded)
{
    struct instruction insn = instruction_decode((const uint8_t *)cases[_i].bytes, cases[_i].size, &regs);

    ck_assert_msg(insn.operation == cases[_i].operation, "%s: operation %d", cases[_i].text, insn.operation);
    ck_assert_msg(strcmp(insn.name, cases[_i].name) == 0, "%s: '%s'", cases[_i].text, insn.name);
    if (insn.operation == ORDINARY || insn.operation == FORBIDDEN)
        return;
    ck_assert_msg(insn.bytes == cases[_i].size, "%s: %u bytes", cases[_i].text, insn.bytes);
    ck_assert_msg(insn.has_memory == cases[_i].has_memory, "%s", cases[_i].text);
    ck_assert_msg((insn.has_memory ? insn.address : insn.rm) == cases[_i].operand, "%s: 0x%lx, %u",
                  cases[_i].text, insn.address, insn.rm);
}
END_TEST

START_TEST(constants_have_a_sign)
{
    ck_assert_uint_eq(instruction_decode((const uint8_t *)"\x6a\xff", 2, &regs).constant, UINT64_MAX);
    ck_assert_uint_eq(instruction_decode((const uint8_t *)"\x68\xfe\xff\xff\xff", 5, &regs).constant,
                      UINT64_MAX - 1);
    ck_assert_uint_eq(instruction_decode((const uint8_t *)"\x48\xc7\xc0\x10\x00\x00\x80", 7, &regs).constant,
                      0xffffffff80000010);
}
END_TEST

START_TEST(registers_are_numbered_as_they_are_encoded)
{
    struct kvm_regs r = {0};
    for (unsigned i = 0; i < 16; i++)
        instruction_set_register(&r, i, i + 100);
    ck_assert_uint_eq(r.rax, 100);
    ck_assert_uint_eq(r.rcx, 101);
    ck_assert_uint_eq(r.rdx, 102);
    ck_assert_uint_eq(r.rbx, 103);
    ck_assert_uint_eq(r.rsp, 104);
    ck_assert_uint_eq(r.rdi, 107);
    ck_assert_uint_eq(r.r15, 115);
    for (unsigned i = 0; i < 16; i++)
        ck_assert_uint_eq(instruction_get_register(&r, i), i + 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("instruction");
    TCase *t = unit_case(suite, "instruction");
    tcase_add_loop_test(t, an_encoding_is_decoded, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(t, constants_have_a_sign);
    tcase_add_test(t, registers_are_numbered_as_they_are_encoded);
    return unit_run(suite);
}
