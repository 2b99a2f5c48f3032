/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of gdb/stub.h, gdb/breakpoints.h and gdb/registers.h. What gdb makes of them: tests/guests. */
#include "gdb/stub.h"

#include "abi/boot.h"
#include "gdb/hex.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE (4ull << 20)
#define CODE 0x101000u

static struct guest_mem mem;
static struct stub stub;
static struct stub_reply reply;
static char text[PACKET_SIZE + 1];

static void given_a_guest(void)
{
    static const struct guest_seal code = {CODE, CODE + 0x1000};
    struct error err = {0};

    ck_assert_ok(guest_mem_init(&mem, SIZE, 4096, &err), err);
    guest_mem_seal(&mem, &code, 1);
    memset(guest_mem_at(&mem, CODE, 0x1000), 0x90, 0x1000);
    stub = (struct stub){.mem = &mem};
}

static void release_guest(void)
{
    guest_mem_release(&mem);
}

/* Handles a packet. Returns the reply as text. */
static const char *ask(const char *packet)
{
    ck_assert_int_eq(stub_handle(&stub, packet, strlen(packet), &reply), STUB_REPLY);
    memcpy(text, reply.bytes, reply.size);
    text[reply.size] = '\0';
    return text;
}

START_TEST(memory_is_read_and_written_without_the_guests_rights)
{
    ck_assert_str_eq(ask("m101000,4"), "90909090");
    ck_assert_str_eq(ask("M101001,2:aabb"), "OK");
    ck_assert_str_eq(ask("m101000,4"), "90aabb90");
    ck_assert_int_eq(stub_handle(&stub, "X101000,2:\0\x7f", 12, &reply), STUB_REPLY);
    ck_assert_str_eq(ask("m101000,4"), "007fbb90");
    ck_assert_str_eq(ask("X101000,0:"), "OK");
}
END_TEST

START_TEST(only_guest_memory_is_reached)
{
    static const char *const outside[] = {"m0,4",
                                          "m1000,4",
                                          "mfffff,1",
                                          "m400000,1",
                                          "m400001,1",
                                          "mffffffffffffffff,2",
                                          "mfffffffffffffffe,8"};
    static const char *const unwritable[] = {"M0,1:00", "M10000,1:00", "M3fffff,2:0000", "M400000,1:00",
                                             "Mffffffffffffffff,1:00"};

    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        ck_assert_msg(ask(outside[i])[0] == 'E', "%s: %s", outside[i], text);
    for (size_t i = 0; i < sizeof(unwritable) / sizeof(unwritable[0]); i++)
        ck_assert_msg(ask(unwritable[i])[0] == 'E', "%s: %s", unwritable[i], text);
    /* as much as there is */
    ck_assert_str_eq(ask("m3ffffe,8"), "0000");
    ck_assert_uint_eq(strlen(ask("m100000,ffffffff")), PACKET_SIZE);
}
END_TEST

START_TEST(malformed_commands_are_errors)
{
    static const char *const malformed[] = {"m",
                                            "m,",
                                            "m100000",
                                            "m100000,",
                                            "M100000,1",
                                            "M100000,1:",
                                            "M100000,1:0",
                                            "M100000,1:0g",
                                            "M100000,2:00",
                                            "p",
                                            "pfff",
                                            "P",
                                            "P0",
                                            "P0=",
                                            "P0=00",
                                            "P10=0000000000000000zz",
                                            "G",
                                            "G00",
                                            "Z",
                                            "Z0",
                                            "Z0,100000",
                                            "Z0,0,1",
                                            "z0,0,1",
                                            "cg",
                                            "C",
                                            "S",
                                            "qXfer:features:read:target.xml:ffff,1"};

    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        ck_assert_msg(ask(malformed[i])[0] == 'E', "%s: '%s'", malformed[i], text);
}
END_TEST

START_TEST(unknown_commands_have_empty_replies)
{
    static const char *const unknown[] = {"", "!", "vMustReplyEmpty", "vCont?", "qSymbol::", "Z3,100000,4",
                                          "y"};

    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ck_assert_msg(ask(unknown[i])[0] == '\0', "%s: '%s'", unknown[i], text);
}
END_TEST

START_TEST(registers_have_gdbs_numbers_and_sizes)
{
    stub.registers.general.rip = 0x1122334455667788;
    stub.registers.general.rax = 1;
    stub.registers.selectors[0] = 0x33;
    ck_assert_str_eq(ask("p10"), "8877665544332211");
    ck_assert_str_eq(ask("p0"), "0100000000000000");
    ck_assert_str_eq(ask("p12"), "33000000");
    ck_assert_str_eq(ask("P10=0100000000000000"), "OK");
    ck_assert_uint_eq(stub.registers.general.rip, 1);
    ck_assert_str_eq(ask("P29=000102030405060708090a0b0c0d0e0f"), "OK"); /* xmm1 */
    ck_assert_uint_eq(stub.registers.fxsave[176 + 15], 15);
    ck_assert_str_eq(ask("P12=2b000000"), "E16"); /* cs */
    ck_assert_uint_eq(stub.registers.selectors[0], 0x33);
}
END_TEST

START_TEST(all_registers_go_out_and_come_back)
{
    static char packet[PACKET_SIZE + 1];
    struct registers before;

    for (size_t i = 0; i < sizeof(stub.registers.fxsave); i++)
        stub.registers.fxsave[i] = (uint8_t)i;
    stub.registers.general.r15 = 42;
    stub.registers.fs_base = 0x1000;
    before = stub.registers;
    snprintf(packet, sizeof(packet), "G%s", ask("g"));
    /* 24 general and segments, 8 of 10 bytes, 8 of control, 16 of 16 bytes, mxcsr, two bases */
    ck_assert_uint_eq(strlen(packet), 1 + 2 * (17 * 8 + 7 * 4 + 80 + 8 * 4 + 256 + 4 + 16));
    memset(&stub.registers.general, 0, sizeof(stub.registers.general));
    stub.registers.fs_base = 0;
    ck_assert_str_eq(ask(packet), "OK");
    ck_assert_int_eq(memcmp(&stub.registers.general, &before.general, sizeof(before.general)), 0);
    ck_assert_int_eq(memcmp(stub.registers.fxsave, before.fxsave, sizeof(before.fxsave)), 0);
    ck_assert_uint_eq(stub.registers.fs_base, 0x1000);
}
END_TEST

START_TEST(the_description_names_every_register_and_comes_in_parts)
{
    unsigned n = 0;

    for (const char *at = registers_describe(); (at = strstr(at, "<reg ")) != NULL; at++)
        n++;
    ck_assert_uint_eq(n, registers_count);
    ck_assert_int_eq(ask("qXfer:features:read:target.xml:0,10")[0], 'm');
    ck_assert_uint_eq(reply.size, 17);
    snprintf(text, sizeof(text), "qXfer:features:read:target.xml:%zx,10", strlen(registers_describe()) - 3);
    ck_assert_str_eq(ask(text), "let>");
}
END_TEST

START_TEST(a_breakpoint_is_in_memory_while_the_guest_runs_only)
{
    const uint8_t *code = guest_mem_at(&mem, CODE, 2);

    ck_assert_str_eq(ask("Z0,101000,1"), "OK");
    ck_assert_str_eq(ask("Z1,101001,1"), "OK");
    ck_assert_uint_eq(code[0], 0x90);
    breakpoints_insert(&stub.breakpoints, &mem);
    ck_assert_uint_eq(code[0], 0xcc);
    ck_assert_uint_eq(code[1], 0xcc);
    breakpoints_withdraw(&stub.breakpoints, &mem);
    ck_assert_uint_eq(code[0], 0x90);
    ck_assert_str_eq(ask("z0,101000,1"), "OK");
    ck_assert(!breakpoints_has(&stub.breakpoints, CODE));
    ck_assert(breakpoints_has(&stub.breakpoints, CODE + 1));
}
END_TEST

START_TEST(breakpoints_have_an_end)
{
    char packet[64];

    for (unsigned i = 0; i < BREAKPOINTS_MAX; i++) {
        snprintf(packet, sizeof(packet), "Z0,%x,1", CODE + i);
        ck_assert_str_eq(ask(packet), "OK");
    }
    ck_assert_str_eq(ask("Z0,101000,1"), "OK"); /* it is there */
    ck_assert_int_eq(ask("Z0,102000,1")[0], 'E');
}
END_TEST

START_TEST(watchpoints_are_what_the_debug_registers_can_do)
{
    uint64_t addresses[WATCHPOINTS_MAX], dr7;

    ck_assert_str_eq(ask("Z4,200000,8"), "");
    stub.can_watch_access = true;
    ck_assert_str_eq(ask("Z2,200000,4"), "OK");
    ck_assert_str_eq(ask("Z4,200008,8"), "OK");
    ck_assert_int_eq(ask("Z2,200001,2")[0], 'E');
    ck_assert_int_eq(ask("Z2,200000,3")[0], 'E');
    ck_assert_int_eq(ask("Z2,200000,100")[0], 'E');
    breakpoints_format_registers(&stub.breakpoints, addresses, &dr7);
    ck_assert_uint_eq(addresses[0], 0x200000);
    ck_assert_uint_eq(addresses[1], 0x200008);
    /* enabled 0 and 1; writes of 4 bytes, accesses of 8 */
    ck_assert_uint_eq(dr7, 0x600 | 2 | 8 | 0xd0000 | 0xb00000);
    ck_assert_uint_eq(breakpoints_find_watch(&stub.breakpoints, 0xffff0ff2)->address, 0x200008);
    ck_assert_ptr_null(breakpoints_find_watch(&stub.breakpoints, 0xffff4ff0));
    ck_assert_str_eq(ask("z2,200000,4"), "OK");
    breakpoints_format_registers(&stub.breakpoints, addresses, &dr7);
    ck_assert_uint_eq(dr7, 0x600 | 8 | 0xb00000);
}
END_TEST

START_TEST(a_changed_value_is_found)
{
    ck_assert_str_eq(ask("Z2,200000,4"), "OK");
    breakpoints_note_values(&stub.breakpoints, &mem);
    ck_assert_ptr_null(breakpoints_find_changed(&stub.breakpoints, &mem));
    *(uint8_t *)guest_mem_at(&mem, 0x200004, 1) = 1;
    ck_assert_ptr_null(breakpoints_find_changed(&stub.breakpoints, &mem));
    *(uint8_t *)guest_mem_at(&mem, 0x200003, 1) = 1;
    ck_assert_uint_eq(breakpoints_find_changed(&stub.breakpoints, &mem)->address, 0x200000);
}
END_TEST

START_TEST(commands_to_go_on_have_no_reply)
{
    ck_assert_int_eq(stub_handle(&stub, "c", 1, &reply), STUB_CONTINUE);
    ck_assert(reply.size == 0 && !stub.passes_signal);
    ck_assert_int_eq(stub_handle(&stub, "s101000", 7, &reply), STUB_STEP);
    ck_assert_uint_eq(stub.registers.general.rip, CODE);
    ck_assert_int_eq(stub_handle(&stub, "C0b", 3, &reply), STUB_CONTINUE);
    ck_assert(stub.passes_signal);
    ck_assert_int_eq(stub_handle(&stub, "S00;101004", 10, &reply), STUB_STEP);
    ck_assert(!stub.passes_signal);
    ck_assert_uint_eq(stub.registers.general.rip, CODE + 4);
    ck_assert_int_eq(stub_handle(&stub, "k", 1, &reply), STUB_KILL);
    ck_assert_int_eq(stub_handle(&stub, "vKill;1", 7, &reply), STUB_KILL);
    ck_assert_int_eq(stub_handle(&stub, "D", 1, &reply), STUB_DETACH);
    ck_assert_uint_eq(reply.size, 2);
}
END_TEST

START_TEST(a_stop_is_told_again_when_asked_for)
{
    const struct watchpoint watch = {.address = 0x200000, .len = 4, .kind = WATCH_WRITE};

    stub_stop(&stub, STUB_SIGTRAP, "swbreak");
    ck_assert_str_eq(ask("?"), "T05swbreak:;thread:1;");
    stub_stop(&stub, STUB_SIGSEGV, NULL);
    ck_assert_str_eq(ask("?"), "T0bthread:1;");
    stub_stop_at_watch(&stub, &watch);
    ck_assert_str_eq(ask("?"), "T05watch:200000;thread:1;");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gdb_stub");
    TCase *all = unit_case(suite, "stub");
    tcase_add_checked_fixture(all, given_a_guest, release_guest);
    tcase_add_test(all, memory_is_read_and_written_without_the_guests_rights);
    tcase_add_test(all, only_guest_memory_is_reached);
    tcase_add_test(all, malformed_commands_are_errors);
    tcase_add_test(all, unknown_commands_have_empty_replies);
    tcase_add_test(all, registers_have_gdbs_numbers_and_sizes);
    tcase_add_test(all, all_registers_go_out_and_come_back);
    tcase_add_test(all, the_description_names_every_register_and_comes_in_parts);
    tcase_add_test(all, a_breakpoint_is_in_memory_while_the_guest_runs_only);
    tcase_add_test(all, breakpoints_have_an_end);
    tcase_add_test(all, watchpoints_are_what_the_debug_registers_can_do);
    tcase_add_test(all, a_changed_value_is_found);
    tcase_add_test(all, commands_to_go_on_have_no_reply);
    tcase_add_test(all, a_stop_is_told_again_when_asked_for);
    return unit_run(suite);
}
