/* SPDX-License-Identifier: Apache-2.0 */
/* graft.h and call_sites.h: of a file without symbols the hypercalls are replaced, if it has those of Solo5's
 * library. */
#include "call_sites.h"

#include "graft.h"
#include "guest_mem.h"
#include "unikernel.h"
#include "unit.h"

#include <string.h>

#define MEMORY   (4ull << 20)
#define TEXT     0x100000u
#define SITE_GAP 16

static struct {
    Elf64_Sym symbol;
    char name[32];
    unsigned char code[128 * SITE_GAP];
} file;

static struct unikernel unikernel;
static struct guest_mem mem;
static struct graft plan;

static const enum hypercall all_numbers[] = {
    HYPERCALL_WALLTIME,   HYPERCALL_PUTS,      HYPERCALL_POLL,     HYPERCALL_BLOCK_WRITE,
    HYPERCALL_BLOCK_READ, HYPERCALL_NET_WRITE, HYPERCALL_NET_READ, HYPERCALL_HALT,
};
#define N_NUMBERS (sizeof(all_numbers) / sizeof(all_numbers[0]))

static unsigned n_sites;

static unsigned char *add_site(enum hypercall number)
{
    const unsigned char code[] = {0xba, (HYPERCALL_PORT + number) & 0xff, HYPERCALL_PORT >> 8, 0, 0, 0xef};
    return memcpy(file.code + SITE_GAP * n_sites++, code, sizeof(code));
}

/* As clang does. */
static unsigned char *add_short_site(enum hypercall number)
{
    const unsigned char code[] = {0x66, 0xba, (HYPERCALL_PORT + number) & 0xff, HYPERCALL_PORT >> 8, 0xef};
    return memcpy(file.code + SITE_GAP * n_sites++, code, sizeof(code));
}

static void given_hypercalls(unsigned char *(*add)(enum hypercall number))
{
    memset(&file, 0, sizeof(file));
    unikernel = (struct unikernel){
        .symbols = {.bytes = (const unsigned char *)&file,
                    .names_off = offsetof(__typeof__(file), name),
                    .names_size = sizeof(file.name)},
        .manifest = {.version = 1,
                     .n_entries = 2,
                     .entries = {{.type = MANIFEST_RESERVED_FIRST}, {.type = MANIFEST_NET}}},
        .elf = {.n_segments = 1,
                .segments = {{.vaddr = TEXT,
                              .memsz = sizeof(file.code),
                              .filesz = sizeof(file.code),
                              .file_off = offsetof(__typeof__(file), code),
                              .flags = PF_R | PF_X}}}};
    n_sites = 0;
    for (size_t i = 0; i < N_NUMBERS; i++)
        add(all_numbers[i]);
}

static bool has_call(uint64_t from, unsigned bytes)
{
    for (size_t i = 0; i < plan.n_jumps; i++)
        if (plan.jumps[i].from == from && plan.jumps[i].call_bytes == bytes)
            return true;
    return false;
}

START_TEST(without_symbols_hypercalls_are_replaced)
{
    const unsigned bytes = _i == 0 ? 6 : 5;
    given_hypercalls(_i == 0 ? add_site : add_short_site);
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 5);
    ck_assert(plan.reads_windows && plan.gathers_output && plan.uses_ring);
    for (size_t i = 0; i < N_NUMBERS; i++)
        ck_assert_int_eq(has_call(TEXT + i * SITE_GAP, bytes), all_numbers[i] != HYPERCALL_WALLTIME &&
                                                                   all_numbers[i] != HYPERCALL_BLOCK_WRITE &&
                                                                   all_numbers[i] != HYPERCALL_HALT);
}
END_TEST

START_TEST(output_and_the_end_may_have_several)
{
    given_hypercalls(add_site);
    add_site(HYPERCALL_PUTS);
    add_short_site(HYPERCALL_PUTS);
    add_site(HYPERCALL_HALT);
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 7);
}
END_TEST

START_TEST(without_network_devices_its_hypercalls_stay)
{
    given_hypercalls(add_site);
    unikernel.manifest.n_entries = 0;
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 2);
    ck_assert(!plan.uses_ring);
}
END_TEST

START_TEST(any_hypercall_more_or_less_leaves_all_as_they_are)
{
    given_hypercalls(add_site);
    if (_i % 2 == 0)
        memset(file.code + (size_t)_i / 2 * SITE_GAP, 0x90, SITE_GAP);
    else if (all_numbers[_i / 2] == HYPERCALL_PUTS || all_numbers[_i / 2] == HYPERCALL_HALT)
        while (n_sites < 80)
            add_site(all_numbers[_i / 2]);
    else
        add_site(all_numbers[_i / 2]);
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 0);
}
END_TEST

static void load_something_between(void)
{
    const unsigned char code[] = {0xba, 0x07, 0x05, 0, 0, 0x90, 0xef};
    memcpy(file.code + 6 * SITE_GAP, code, sizeof(code));
}

static void load_another_register(void)
{
    file.code[6 * SITE_GAP] = 0xb9;
}

static void cut_segment_before(void)
{
    unikernel.elf.segments[0].vaddr++;
    unikernel.elf.segments[0].filesz--;
    unikernel.elf.segments[0].file_off++;
}

static void cut_segment_behind(void)
{
    unikernel.elf.segments[0].filesz = 7 * SITE_GAP + 5;
}

static void take_right_to_execute(void)
{
    unikernel.elf.segments[0].flags = PF_R;
}

static void keep_symbol_of_clock(void)
{
    file.symbol = (Elf64_Sym){.st_name = 1,
                              .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                              .st_shndx = 1,
                              .st_value = TEXT,
                              .st_size = 64};
    strcpy(file.name + 1, "solo5_clock_monotonic");
    unikernel.symbols.n = 1;
}

static void have_kit(void)
{
    unikernel.has_kit = true;
}

static void (*const call_oddities[])(void) = {load_something_between,
                                              load_another_register,
                                              cut_segment_before,
                                              cut_segment_behind,
                                              take_right_to_execute,
                                              keep_symbol_of_clock,
                                              have_kit};

START_TEST(anything_unusual_leaves_hypercalls_as_they_are)
{
    given_hypercalls(add_site);
    call_oddities[_i]();
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 0);
}
END_TEST

START_TEST(what_is_out_of_reach_stays_and_so_does_the_network)
{
    given_hypercalls(add_site);
    unikernel.elf.segments[0].vaddr = 0xc0000000;
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 0);
    ck_assert(!plan.uses_ring);
}
END_TEST

START_TEST(a_call_takes_the_place_of_a_hypercall)
{
    struct error err = {0};
    given_hypercalls(_i == 0 ? add_site : add_short_site);
    ck_assert_ok(guest_mem_init(&mem, MEMORY, 0, &err), err);
    graft_plan(&unikernel, &plan);
    ck_assert_ok(graft_apply(&plan, &mem, &unikernel.elf, &err), err);
    for (size_t i = 0; i < plan.n_jumps; i++) {
        const unsigned char *bytes = guest_mem_at(&mem, plan.jumps[i].from, 7);
        int32_t distance;
        memcpy(&distance, bytes + 1, sizeof(distance));
        ck_assert_uint_eq(bytes[0], 0xe8);
        ck_assert_uint_eq(plan.jumps[i].from + 5 + (uint64_t)distance, plan.jumps[i].to);
        ck_assert_uint_eq(bytes[5], _i == 0 ? 0x90 : 0);
        ck_assert_uint_eq(bytes[6], 0);
    }
    guest_mem_release(&mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call_sites");
    TCase *calls = unit_case(suite, "calls");
    tcase_add_loop_test(calls, without_symbols_hypercalls_are_replaced, 0, 2);
    tcase_add_test(calls, output_and_the_end_may_have_several);
    tcase_add_test(calls, without_network_devices_its_hypercalls_stay);
    tcase_add_loop_test(calls, any_hypercall_more_or_less_leaves_all_as_they_are, 0, 2 * N_NUMBERS);
    tcase_add_loop_test(calls, anything_unusual_leaves_hypercalls_as_they_are, 0,
                        sizeof(call_oddities) / sizeof(call_oddities[0]));
    tcase_add_test(calls, what_is_out_of_reach_stays_and_so_does_the_network);
    tcase_add_loop_test(calls, a_call_takes_the_place_of_a_hypercall, 0, 2);
    return unit_run(suite);
}
