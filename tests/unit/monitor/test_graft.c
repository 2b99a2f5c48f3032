/* SPDX-License-Identifier: Apache-2.0 */
/* graft.h: a function is replaced when nothing about it is unusual, and the guest's code is else as it was.
 */
#include "graft.h"

#include "graft_layout.h"
#include "guest_mem.h"
#include "unikernel.h"
#include "unit.h"

#include <string.h>

#define MEMORY    (4ull << 20)
#define TEXT      0x100000u
#define TEXT_SIZE 0x2000u
#define FUNCTION  0x100ffe /* its first bytes lie in two pages */

static struct {
    Elf64_Sym symbols[4];
    char names[64];
} file;

static struct unikernel unikernel;
static struct guest_mem mem;
static struct graft plan;

static Elf64_Sym *add_symbol(uint64_t value)
{
    Elf64_Sym *symbol = &file.symbols[unikernel.symbols.n++];
    *symbol = (Elf64_Sym){.st_name = 1,
                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                          .st_shndx = 1,
                          .st_value = value,
                          .st_size = 64};
    return symbol;
}

static Elf64_Sym *given_a_function(uint64_t value)
{
    memset(&file, 0, sizeof(file));
    memcpy(file.names + 1, "solo5_block_read", 17);
    unikernel = (struct unikernel){
        .symbols = {.bytes = (const unsigned char *)&file,
                    .names_off = offsetof(__typeof__(file), names),
                    .names_size = sizeof(file.names)},
        .elf = {
            .n_segments = 2,
            .segments = {{.vaddr = TEXT, .memsz = TEXT_SIZE, .filesz = TEXT_SIZE - 16, .flags = PF_R | PF_X},
                         {.vaddr = 0xc0000000, .memsz = 4096, .filesz = 4096, .flags = PF_R | PF_X}}}};
    return add_symbol(value);
}

START_TEST(a_public_function_is_replaced)
{
    given_a_function(FUNCTION);
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 1);
    ck_assert_uint_eq(plan.jumps[0].from, FUNCTION);
    ck_assert(plan.jumps[0].to > LOW_GRAFT_CODE && plan.jumps[0].to < LOW_GRAFT_TABLE);
    ck_assert(plan.reads_windows);
}
END_TEST

static void change_type(Elf64_Sym *symbol)
{
    symbol->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}

static void change_binding(Elf64_Sym *symbol)
{
    symbol->st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
}

static void undefine(Elf64_Sym *symbol)
{
    symbol->st_shndx = SHN_UNDEF;
}

static void cut_function(Elf64_Sym *symbol)
{
    symbol->st_size = 4;
}

static void move_behind_file(Elf64_Sym *symbol)
{
    symbol->st_value = TEXT + TEXT_SIZE - 16 - 4;
}

static void move_out_of_reach(Elf64_Sym *symbol)
{
    symbol->st_value = 0xc0000000;
}

static void move_out_of_segments(Elf64_Sym *symbol)
{
    symbol->st_value = UINT64_MAX - 2;
}

static void move_to_data(Elf64_Sym *symbol)
{
    (void)symbol;
    unikernel.elf.segments[0].flags = PF_R;
}

static void move_name(Elf64_Sym *symbol)
{
    symbol->st_name = sizeof(file.names) - 1;
}

static void cut_name(Elf64_Sym *symbol)
{
    (void)symbol;
    unikernel.symbols.names_size = 17; /* without its NUL */
}

static void extend_name(Elf64_Sym *symbol)
{
    (void)symbol;
    file.names[17] = 's';
}

static void define_twice(Elf64_Sym *symbol)
{
    add_symbol(symbol->st_value + 0x100);
}

static void build_with_kit(Elf64_Sym *symbol)
{
    (void)symbol;
    unikernel.has_kit = true;
}

static void (*const oddities[])(Elf64_Sym *symbol) = {
    change_type,       change_binding,       undefine,      cut_function, move_behind_file,
    move_out_of_reach, move_out_of_segments, move_to_data,  move_name,    cut_name,
    extend_name,       define_twice,         build_with_kit};

START_TEST(anything_unusual_leaves_a_function_as_it_is)
{
    oddities[_i](given_a_function(FUNCTION));
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 0);
    ck_assert(!plan.reads_windows);
}
END_TEST

START_TEST(the_last_five_bytes_of_code_are_enough)
{
    given_a_function(TEXT + TEXT_SIZE - 16 - 5)->st_size = 5;
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 1);
}
END_TEST

START_TEST(a_jump_to_the_code_takes_the_place_of_the_first_instruction)
{
    struct error err = {0};
    given_a_function(FUNCTION);
    ck_assert_ok(guest_mem_init(&mem, MEMORY, 0, &err), err);
    graft_plan(&unikernel, &plan);
    ck_assert_ok(graft_apply(&plan, &mem, &unikernel.elf, &err), err);

    const unsigned char *bytes = guest_mem_at(&mem, FUNCTION - 1, 7);
    int32_t distance;
    memcpy(&distance, bytes + 2, sizeof(distance));
    ck_assert_uint_eq(bytes[0], 0);
    ck_assert_uint_eq(bytes[1], 0xe9);
    ck_assert_uint_eq(FUNCTION + 5 + (uint64_t)distance, plan.jumps[0].to);
    ck_assert_uint_eq(bytes[6], 0);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(the_table_says_which_handle_has_which_window)
{
    const struct guest_window window = {.start = 8ull << 30, .end = (8ull << 30) + 8192, .handle = 5};
    struct error err = {0};
    given_a_function(FUNCTION);
    ck_assert_ok(guest_mem_init(&mem, MEMORY, 0, &err), err);
    guest_mem_set_windows(&mem, &window, 1);
    graft_plan(&unikernel, &plan);
    ck_assert_ok(graft_apply(&plan, &mem, &unikernel.elf, &err), err);
    graft_add_block(&mem, 2, 512);
    graft_add_block(&mem, 5, 4096);

    const struct graft_table *table = guest_mem_at(&mem, LOW_GRAFT_TABLE, sizeof(*table));
    ck_assert_uint_eq(table->blocks[1].block_size, 0);
    ck_assert_uint_eq(table->blocks[2].block_size, 512);
    ck_assert_uint_eq(table->blocks[2].window_bytes, 0);
    ck_assert_uint_eq(table->blocks[5].block_size, 4096);
    ck_assert_uint_eq(table->blocks[5].window.value, 8ull << 30);
    ck_assert_uint_eq(table->blocks[5].window_bytes, 8192);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(without_functions_memory_stays_as_it_is)
{
    struct error err = {0};
    ck_assert_ok(guest_mem_init(&mem, MEMORY, 0, &err), err);
    plan = (struct graft){0};
    ck_assert_ok(graft_apply(&plan, &mem, &unikernel.elf, &err), err);
    const unsigned char *code = guest_mem_at(&mem, LOW_GRAFT_CODE, 64);
    for (unsigned i = 0; i < 64; i++)
        ck_assert_uint_eq(code[i], 0);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(addresses_in_the_code_have_names)
{
    uint64_t off;
    given_a_function(FUNCTION);
    graft_plan(&unikernel, &plan);
    ck_assert_str_eq(graft_find_name(plan.jumps[0].to + 3, &off), "solo5_block_read");
    ck_assert_uint_eq(off, 3);
    ck_assert_ptr_null(graft_find_name(LOW_GRAFT_CODE, &off)); /* the list */
    ck_assert_ptr_null(graft_find_name(LOW_GRAFT_CODE - 1, &off));
    ck_assert_ptr_null(graft_find_name(LOW_GRAFT_TABLE, &off));
    ck_assert_ptr_null(graft_find_name(TEXT, &off));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("graft");
    TCase *tests = unit_case(suite, "graft");
    tcase_add_test(tests, a_public_function_is_replaced);
    tcase_add_loop_test(tests, anything_unusual_leaves_a_function_as_it_is, 0,
                        sizeof(oddities) / sizeof(oddities[0]));
    tcase_add_test(tests, the_last_five_bytes_of_code_are_enough);
    tcase_add_test(tests, a_jump_to_the_code_takes_the_place_of_the_first_instruction);
    tcase_add_test(tests, the_table_says_which_handle_has_which_window);
    tcase_add_test(tests, without_functions_memory_stays_as_it_is);
    tcase_add_test(tests, addresses_in_the_code_have_names);
    return unit_run(suite);
}
