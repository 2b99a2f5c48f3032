/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises of x86_64/trap.h, with frames on the ring 0 stack as the CPU leaves them and no CPU. What whole
 * guests see of it is in tests/guests.
 */
#include "x86_64/trap.h"

#include "unit.h"
#include "x86_64/descriptor.h"
#include "x86_64/low_memory.h"

#include <stdlib.h>
#include <string.h>

#define MIB       (1ull << 20)
#define SIZE      (8 * MIB)
#define CODE      0x100000u
#define TABLES    0x200000u /* the guest's own */
#define STACK     0x300000u
#define FLAG_TRAP 0x100u

static struct guest_mem mem;
static struct trap_unit unit;
static struct kvm_regs regs;
static struct kvm_sregs sregs;
static struct trap trap;

static const struct page_range ranges[] = {
    {CODE, 4 * MIB - 0x10000, PAGE_USER | PAGE_WRITE},
    {4 * MIB, SIZE, PAGE_USER | PAGE_WRITE | PAGE_TRACED},
};

static void make_unit(void)
{
    struct error err = {0};
    uint64_t size = page_table_plan(ranges, 2);

    ck_assert_ok(guest_mem_init(&mem, SIZE, size, &err), err);
    void *tables = guest_mem_at(&mem, SIZE, size);
    page_table_apply(ranges, 2, tables, SIZE);
    unit = (struct trap_unit){.mem = &mem,
                              .page_table = {tables, SIZE},
                              .guard = {4 * MIB - 0x10000, 4 * MIB},
                              .stack_top = SIZE,
                              .cs = SELECTOR_USER_CODE,
                              .ss = SELECTOR_USER_DATA};
    regs = (struct kvm_regs){.rflags = 2};
    sregs = (struct kvm_sregs){0};
}

/* Pushes a frame as the CPU does and handles it. */
static enum trap_verdict take(unsigned vector, bool has_code, uint64_t code, uint64_t rip, uint64_t rsp)
{
    uint64_t frame[6] = {
        code, rip, SELECTOR_USER_CODE, 0x202 | (unit.is_stepping ? FLAG_TRAP : 0), rsp, SELECTOR_USER_DATA};
    size_t skipped = has_code ? 0 : 8;

    regs.rsp = LOW_STACK_TOP - (sizeof(frame) - skipped);
    memcpy(guest_mem_at(&mem, regs.rsp, sizeof(frame) - skipped), (char *)frame + skipped,
           sizeof(frame) - skipped);
    trap_read(&unit, vector, &regs, &sregs, &trap);
    trap_handle(&unit, &trap, &regs, &sregs);
    return trap.verdict;
}

static enum trap_verdict take_protection_fault(const char *bytes, size_t size)
{
    memcpy(guest_mem_at(&mem, CODE, size), bytes, size);
    return take(VECTOR_GENERAL_PROTECTION, true, 0, CODE, STACK);
}

START_TEST(the_first_instruction_is_noticed_once)
{
    make_unit();
    unit.is_stepping = true;
    ck_assert_int_eq(take(VECTOR_DEBUG, false, 0, CODE + 3, STACK), TRAP_STARTED);
    ck_assert_uint_eq(regs.rip, CODE + 3);
    ck_assert_uint_eq(regs.rsp, STACK);
    ck_assert_uint_eq(regs.rflags & FLAG_TRAP, 0);
    ck_assert_uint_eq(sregs.cs.selector, SELECTOR_USER_CODE);
    ck_assert_int_eq(take(VECTOR_DEBUG, false, 0, CODE + 3, STACK), TRAP_UNHANDLED);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_first_instruction_that_traps_is_a_start_too)
{
    make_unit();
    unit.is_stepping = true;
    ck_assert_int_eq(take_protection_fault("\xfa", 1), TRAP_STARTED);
    ck_assert_uint_eq(regs.rip, CODE + 1);
    ck_assert_uint_eq(regs.rflags & FLAG_TRAP, 0);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_fault_on_a_mapped_page_breaks_the_seal)
{
    make_unit();
    sregs.cr2 = CODE + 8;
    ck_assert_int_eq(take(VECTOR_PAGE_FAULT, true, FAULT_PRESENT | FAULT_WRITE | FAULT_USER, CODE, STACK),
                     TRAP_SEAL);
    ck_assert_uint_eq(trap.address, CODE + 8);
    ck_assert_uint_eq(trap.regs.rip, CODE);
    guest_mem_release(&mem);
}
END_TEST

static void touch_the_stack(void)
{
    uint64_t *tables = unit.page_table.tables;
    for (uint64_t i = 0; i < page_table_plan(ranges, 2) / sizeof(*tables); i++)
        if ((tables[i] & 1) != 0)
            tables[i] |= 0x20;
}

START_TEST(the_guard_stops_a_stack_and_gives_way_to_a_heap)
{
    uint64_t in_guard = 4 * MIB - 8;

    make_unit();
    sregs.cr2 = in_guard;
    touch_the_stack();
    ck_assert_int_eq(take(VECTOR_PAGE_FAULT, true, FAULT_WRITE | FAULT_USER, CODE, 4 * MIB), TRAP_STACK);

    make_unit(); /* somebody's stack on the heap: the boot stack is far away */
    sregs.cr2 = in_guard;
    ck_assert_int_eq(take(VECTOR_PAGE_FAULT, true, FAULT_WRITE | FAULT_USER, CODE, 4 * MIB), TRAP_RESUME);
    ck_assert_uint_eq(regs.rip, CODE);

    make_unit(); /* a write to the heap while the stack is elsewhere */
    touch_the_stack();
    sregs.cr2 = in_guard;
    ck_assert_int_eq(take(VECTOR_PAGE_FAULT, true, FAULT_WRITE | FAULT_USER, CODE, SIZE - 8), TRAP_RESUME);
    ck_assert_uint_eq(unit.guard.start, unit.guard.end);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(the_bases_are_the_only_registers_to_read_and_write)
{
    make_unit();
    regs.rcx = 0xc0000100;
    regs.rax = 0x1000;
    regs.rdx = 0x7fff;
    ck_assert_int_eq(take_protection_fault("\x0f\x30", 2), TRAP_RESUME);
    ck_assert_uint_eq(sregs.fs.base, 0x7fff00001000);
    ck_assert_uint_eq(regs.rip, CODE + 2);

    regs.rdx = 0x8000; /* not canonical */
    ck_assert_int_eq(take_protection_fault("\x0f\x30", 2), TRAP_PRIVILEGED);
    ck_assert_int_eq(take_protection_fault("\x0f\x32", 2), TRAP_RESUME);
    ck_assert_uint_eq(regs.rax, 0x1000);
    ck_assert_uint_eq(regs.rdx, 0x7fff);

    regs.rcx = 0xc0000101;
    ck_assert_int_eq(take_protection_fault("\x0f\x30", 2), TRAP_RESUME);
    ck_assert_uint_eq(sregs.gs.base, 0x7fff00001000);
    regs.rcx = 0xc0000102;
    ck_assert_int_eq(take_protection_fault("\x0f\x30", 2), TRAP_PRIVILEGED);
    ck_assert_str_eq(trap.instruction, "wrmsr");
    ck_assert_int_eq(take_protection_fault("\x0f\x32", 2), TRAP_PRIVILEGED);
    ck_assert_str_eq(trap.instruction, "rdmsr");
    guest_mem_release(&mem);
}
END_TEST

/* Gives the guest a GDT, an IDT with one gate, and a task with a stack for it. */
static void load_guest_tables(unsigned vector, uint64_t handler)
{
    static const uint64_t gdt[] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff};
    uint64_t gate[2] = {(handler & 0xffff) | 0x08ull << 16 | 2ull << 32 | 0x8eull << 40 |
                            (handler >> 16 & 0xffff) << 48,
                        handler >> 32};
    uint64_t stack = STACK + 0x1000;

    memcpy(guest_mem_at(&mem, TABLES, sizeof(gdt)), gdt, sizeof(gdt));
    memcpy(guest_mem_at(&mem, TABLES + 0x1000 + vector * 16, 16), gate, 16);
    memcpy(guest_mem_at(&mem, TABLES + 0x2000 + 36 + 8, 8), &stack, 8); /* the second stack of the task */
    unit.gdt = (struct trap_table){TABLES, sizeof(gdt) - 1};
    unit.idt = (struct trap_table){TABLES + 0x1000, 32 * 16 - 1};
    unit.tss = TABLES + 0x2000;
    unit.cs = 0x08;
    unit.ss = 0x10;
}

/* lgdt (%rdx); push $8; push $CODE + 12; lretq; mov $0x10,%rax; mov %eax,%ss, %ds, %es; nop */
#define GROUP                                                                              \
    "\x0f\x01\x12\x6a\x08\x68\x0c\x00\x10\x00\x48\xcb\x48\xc7\xc0\x10\x00\x00\x00\x8e\xd0" \
    "\x8e\xd8\x8e\xc0\x90"
#define GROUP_BYTES 26u

START_TEST(instructions_that_come_in_a_group_are_one_trap)
{
    const struct trap_table table = {TABLES, 23};
    struct trap_table loaded;

    make_unit();
    load_guest_tables(VECTOR_PAGE_FAULT, CODE);
    loaded = unit.gdt;
    unit.gdt = (struct trap_table){0};
    unit.ss = 0;
    regs.rdx = TABLES + 0x3000;
    memcpy(guest_mem_at(&mem, regs.rdx, 2), &table.limit, 2);
    memcpy(guest_mem_at(&mem, regs.rdx + 2, 8), &table.base, 8);
    ck_assert_int_eq(take_protection_fault(GROUP, GROUP_BYTES), TRAP_RESUME);
    ck_assert_uint_eq(regs.rip, CODE + GROUP_BYTES - 1);
    ck_assert_uint_eq(regs.rsp, STACK);
    ck_assert_uint_eq(regs.rax, 0x10);
    ck_assert_uint_eq(unit.gdt.base, loaded.base);
    ck_assert_uint_eq(unit.cs, 0x08);
    ck_assert_uint_eq(unit.ss, 0x10);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_group_ends_with_its_page_and_with_what_cannot_be_emulated)
{
    make_unit();
    memcpy(guest_mem_at(&mem, CODE + 0xfff, 4), "\xfa\xfa\xfa", 4); /* cli in one page, two in the next */
    ck_assert_int_eq(take(VECTOR_GENERAL_PROTECTION, true, 0, CODE + 0xfff, STACK), TRAP_RESUME);
    ck_assert_uint_eq(regs.rip, CODE + 0x1000);

    ck_assert_int_eq(take_protection_fault("\xfa\x0f\x32", 3), TRAP_RESUME); /* cli; rdmsr */
    ck_assert_uint_eq(regs.rip, CODE + 1);
    ck_assert_int_eq(take_protection_fault("\xfa\xf4", 2), TRAP_RESUME); /* cli; hlt */
    ck_assert_uint_eq(regs.rip, CODE + 1);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_push_out_of_memory_is_left_to_the_guest)
{
    make_unit();
    memcpy(guest_mem_at(&mem, CODE, 3), "\xfa\x6a\x01", 3); /* cli; push $1 */
    ck_assert_int_eq(take(VECTOR_GENERAL_PROTECTION, true, 0, CODE, SIZE + 16), TRAP_RESUME);
    ck_assert_uint_eq(regs.rip, CODE + 1);
    ck_assert_uint_eq(regs.rsp, SIZE + 16);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(the_guest_s_handler_gets_its_frame)
{
    uint64_t pushed[6];

    make_unit();
    load_guest_tables(VECTOR_PAGE_FAULT, CODE + 0x500);
    sregs.cr2 = 0x400000000;
    ck_assert_int_eq(take(VECTOR_PAGE_FAULT, true, FAULT_WRITE | FAULT_USER, CODE + 7, STACK - 8),
                     TRAP_FORWARDED);
    ck_assert_uint_eq(regs.rip, CODE + 0x500);
    ck_assert_uint_eq(regs.rsp, STACK + 0x1000 - sizeof(pushed));
    memcpy(pushed, guest_mem_at(&mem, regs.rsp, sizeof(pushed)), sizeof(pushed));
    ck_assert_uint_eq(pushed[0], FAULT_WRITE); /* as the kernel that the guest believes to be */
    ck_assert_uint_eq(pushed[1], CODE + 7);
    ck_assert_uint_eq(pushed[2], 0x08);
    ck_assert_uint_eq(pushed[4], STACK - 8);
    ck_assert_uint_eq(pushed[5], 0x10);
    ck_assert_uint_eq(unit.cr2, 0x400000000);

    /* mov %cr2,%rdi; iretq */
    ck_assert_int_eq(take_protection_fault("\x0f\x20\xd7", 3), TRAP_RESUME);
    ck_assert_uint_eq(regs.rdi, 0x400000000);
    memcpy(guest_mem_at(&mem, CODE, 2), "\x48\xcf", 2);
    ck_assert_int_eq(take(VECTOR_GENERAL_PROTECTION, true, 0, CODE, STACK + 0x1000 - 40), TRAP_RESUME);
    ck_assert_uint_eq(regs.rip, CODE + 7);
    ck_assert_uint_eq(regs.rsp, STACK - 8);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_handler_that_cannot_be_entered_ends_the_guest)
{
    make_unit();
    load_guest_tables(6, CODE);
    unit.tss = SIZE - 40; /* the task's stack lies beyond memory */
    ck_assert_int_eq(take(6, false, 0, CODE, STACK), TRAP_DOUBLE);

    load_guest_tables(6, CODE);
    memset(guest_mem_at(&mem, TABLES + 0x2000 + 36 + 8, 8), 0, 8); /* a stack at 0 */
    ck_assert_int_eq(take(6, false, 0, CODE, STACK), TRAP_DOUBLE);
    ck_assert_int_eq(take(7, false, 0, CODE, STACK), TRAP_UNHANDLED);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_frame_that_is_not_on_the_stack_or_not_of_ring_3_is_not_believed)
{
    make_unit();
    regs.rsp = LOW_STACK_TOP - 8;
    trap_read(&unit, VECTOR_DIVIDE, &regs, &sregs, &trap);
    trap_handle(&unit, &trap, &regs, &sregs);
    ck_assert_int_eq(trap.verdict, TRAP_KERNEL);
    regs.rsp = STACK;
    trap_read(&unit, VECTOR_DIVIDE, &regs, &sregs, &trap);
    trap_handle(&unit, &trap, &regs, &sregs);
    ck_assert_int_eq(trap.verdict, TRAP_KERNEL);
    regs.rsp = LOW_STACK_TOP - 40; /* zeros: CS of ring 0 */
    trap_read(&unit, VECTOR_DIVIDE, &regs, &sregs, &trap);
    trap_handle(&unit, &trap, &regs, &sregs);
    ck_assert_int_eq(trap.verdict, TRAP_KERNEL);
    guest_mem_release(&mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trap");
    TCase *t = unit_case(suite, "trap");
    tcase_add_test(t, the_first_instruction_is_noticed_once);
    tcase_add_test(t, a_first_instruction_that_traps_is_a_start_too);
    tcase_add_test(t, a_fault_on_a_mapped_page_breaks_the_seal);
    tcase_add_test(t, the_guard_stops_a_stack_and_gives_way_to_a_heap);
    tcase_add_test(t, the_bases_are_the_only_registers_to_read_and_write);
    tcase_add_test(t, instructions_that_come_in_a_group_are_one_trap);
    tcase_add_test(t, a_group_ends_with_its_page_and_with_what_cannot_be_emulated);
    tcase_add_test(t, a_push_out_of_memory_is_left_to_the_guest);
    tcase_add_test(t, the_guest_s_handler_gets_its_frame);
    tcase_add_test(t, a_handler_that_cannot_be_entered_ends_the_guest);
    tcase_add_test(t, a_frame_that_is_not_on_the_stack_or_not_of_ring_3_is_not_believed);
    return unit_run(suite);
}
