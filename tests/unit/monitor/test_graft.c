/* SPDX-License-Identifier: Apache-2.0 */
/* graft.h: a function is replaced when nothing about it is unusual, and the guest's code is else as it was.
 */
#include "graft.h"

#include "abi/hypercall.h"
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
    unsigned char code[TEXT_SIZE];
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
    unikernel = (struct unikernel){.symbols = {.bytes = (const unsigned char *)&file,
                                               .names_off = offsetof(__typeof__(file), names),
                                               .names_size = sizeof(file.names)},
                                   .elf = {.n_segments = 2,
                                           .segments = {{.vaddr = TEXT,
                                                         .memsz = TEXT_SIZE,
                                                         .filesz = TEXT_SIZE - 16,
                                                         .file_off = offsetof(__typeof__(file), code),
                                                         .flags = PF_R | PF_X},
                                                        {.vaddr = 0xc0000000,
                                                         .memsz = 4096,
                                                         .filesz = 4096,
                                                         .file_off = offsetof(__typeof__(file), code),
                                                         .flags = PF_R | PF_X}}}};
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

/* ---- The network ---- */

#define N_NET 4

/* The network's functions, and the clock that one of them calls. */
static struct {
    Elf64_Sym symbols[N_NET + 1];
    char names[128];
    unsigned char code[N_NET * 64];
} net_file;

static void set_hypercall(unsigned function, enum hypercall number)
{
    const unsigned char code[] = {0x90, 0xba, (HYPERCALL_PORT + number) & 0xff, HYPERCALL_PORT >> 8, 0,
                                  0,    0xef};
    memcpy(net_file.code + (size_t)function * 64, code, sizeof(code));
}

static void given_the_network(void)
{
    static const char *const names[N_NET] = {"solo5_net_read", "solo5_net_write", "solo5_yield",
                                             "solo5_clock_monotonic"};
    size_t name = 1;

    memset(&net_file, 0, sizeof(net_file));
    for (unsigned i = 0; i < N_NET; i++) {
        strcpy(net_file.names + name, names[i]);
        net_file.symbols[i] = (Elf64_Sym){.st_name = (Elf64_Word)name,
                                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                          .st_shndx = 1,
                                          .st_value = TEXT + i * 64,
                                          .st_size = 64};
        name += strlen(names[i]) + 1;
    }
    set_hypercall(0, HYPERCALL_NET_READ);
    set_hypercall(1, HYPERCALL_NET_WRITE);
    set_hypercall(2, HYPERCALL_POLL);
    unikernel = (struct unikernel){.symbols = {.bytes = (const unsigned char *)&net_file,
                                               .n = N_NET,
                                               .names_off = offsetof(__typeof__(net_file), names),
                                               .names_size = sizeof(net_file.names)},
                                   .manifest = {.version = 1,
                                                .n_entries = 3,
                                                .entries = {{.type = MANIFEST_RESERVED_FIRST},
                                                            {.type = MANIFEST_NET},
                                                            {.type = MANIFEST_NET}}},
                                   .elf = {.n_segments = 1,
                                           .segments = {{.vaddr = TEXT,
                                                         .memsz = sizeof(net_file.code),
                                                         .filesz = sizeof(net_file.code),
                                                         .file_off = offsetof(__typeof__(net_file), code),
                                                         .flags = PF_R | PF_X}}}};
}

START_TEST(the_network_is_replaced_as_a_whole)
{
    given_the_network();
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 3);
    ck_assert(plan.uses_ring && !plan.reads_windows && !plan.gathers_output);
    ck_assert_uint_eq(plan.clock, TEXT + 3 * 64);
}
END_TEST

static void without_devices(void)
{
    unikernel.manifest.n_entries = 1;
}

static void without_read(void)
{
    net_file.symbols[0].st_shndx = SHN_UNDEF;
}

static void without_yield(void)
{
    net_file.symbols[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}

static void without_clock(void)
{
    net_file.symbols[3].st_value = 0x200000;
}

static void with_hidden_clock(void)
{
    net_file.symbols[3].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
}

static void with_hidden_write(void)
{
    net_file.symbols[1].st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
}

static void with_another_write(void)
{
    net_file.symbols[N_NET] = net_file.symbols[1];
    unikernel.symbols.n++;
}

static void with_another_hypercall(void)
{
    set_hypercall(1, HYPERCALL_NET_READ);
}

static void without_hypercall(void)
{
    net_file.code[2 * 64 + 6] = 0;
}

static void with_one_function_in_another(void)
{
    net_file.symbols[1].st_value = TEXT + 1;
    net_file.code[1 + 2] = 0x06;
    memcpy(net_file.code + 32, net_file.code + 64, 32);
}

static void with_clock_in_a_function(void)
{
    net_file.symbols[3].st_value = TEXT + 64 + 2;
}

static void with_large_function(void)
{
    unikernel.elf.segments[0].filesz = unikernel.elf.segments[0].memsz = 2000;
    net_file.symbols[0].st_size = 1025;
}

static void (*const net_oddities[])(void) = {without_devices,
                                             without_read,
                                             without_yield,
                                             without_clock,
                                             with_hidden_clock,
                                             with_hidden_write,
                                             with_another_write,
                                             with_another_hypercall,
                                             without_hypercall,
                                             with_one_function_in_another,
                                             with_clock_in_a_function,
                                             with_large_function};

START_TEST(anything_unusual_leaves_the_network_as_it_is)
{
    given_the_network();
    net_oddities[_i]();
    graft_plan(&unikernel, &plan);
    ck_assert_uint_eq(plan.n_jumps, 0);
    ck_assert(!plan.uses_ring);
}
END_TEST

static const struct {
    unsigned mtu;
    unsigned n_devices;
    bool has_buffers;
} networks[] = {{1500, 1, true},   {1500, 2, true},   {1500, 63, true}, {9000, 1, true},
                {9000, 20, true},  {9000, 63, false}, {65521, 1, true}, {65521, 6, true},
                {65521, 7, false}, {0, 1, true},      {0, 0, false}};

START_TEST(buffers_are_whole_and_fit)
{
    struct manifest_table manifest = {.n_entries = networks[_i].n_devices + 1,
                                      .entries = {{.type = MANIFEST_RESERVED_FIRST}}};
    struct error err = {0};

    for (uint32_t i = 1; i < manifest.n_entries; i++) {
        manifest.entries[i].type = MANIFEST_NET;
        manifest.entries[i].u.net.mtu = (uint16_t)networks[_i].mtu;
    }
    ck_assert_ok(guest_mem_init(&mem, MEMORY, 2 * GRAFT_FRAMES_BYTES, &err), err);
    guest_mem_lend(&mem, MEMORY + GRAFT_FRAMES_BYTES, MEMORY + 2 * GRAFT_FRAMES_BYTES);
    given_the_network();
    graft_plan(&unikernel, &plan);
    volatile uint32_t *is_watched = graft_set_net(&plan, &mem, &manifest, MEMORY, 2000000000);
    ck_assert_int_eq(is_watched != NULL, networks[_i].has_buffers);

    const struct graft_table *table = guest_mem_at(&mem, LOW_GRAFT_TABLE, sizeof(*table));
    const struct graft_net *net = &table->net;
    ck_assert_uint_eq(__builtin_popcountll(net->devices),
                      networks[_i].has_buffers ? networks[_i].n_devices : 0);
    if (networks[_i].has_buffers) {
        const uint32_t n = net->n_writes + networks[_i].n_devices * net->n_posts;
        ck_assert_uint_ge(net->buffer_bytes, networks[_i].mtu + 18);
        ck_assert_uint_le(n, GRAFT_BUFFERS_MAX);
        ck_assert_uint_le(sizeof(struct graft_frames) + (uint64_t)n * net->buffer_bytes, GRAFT_FRAMES_BYTES);
        ck_assert_uint_eq(net->ring.value, MEMORY);
        ck_assert_uint_eq(net->frames.value, MEMORY + GRAFT_FRAMES_BYTES);
        ck_assert_uint_eq(net->clock.value, plan.clock);
        ck_assert_uint_eq(net->ticks_per_us, 2000);
    }
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
    tcase_add_test(tests, the_network_is_replaced_as_a_whole);
    tcase_add_loop_test(tests, anything_unusual_leaves_the_network_as_it_is, 0,
                        sizeof(net_oddities) / sizeof(net_oddities[0]));
    tcase_add_loop_test(tests, buffers_are_whole_and_fit, 0, sizeof(networks) / sizeof(networks[0]));
    tcase_add_test(tests, without_functions_memory_stays_as_it_is);
    tcase_add_test(tests, addresses_in_the_code_have_names);
    return unit_run(suite);
}
