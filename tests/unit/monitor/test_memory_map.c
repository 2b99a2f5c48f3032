/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of memory_map.h: ranges in order, no page twice, rights as the file says, W^X, and the guard. */
#include "memory_map.h"

#include "abi/boot.h"
#include "unit.h"
#include "x86_64/low_memory.h"

#include <string.h>

#define MIB (1ull << 20)

static struct memory_map map;
static struct elf_file elf;

static void add_segment(uint64_t vaddr, uint64_t memsz, uint32_t flags)
{
    elf.segments[elf.n_segments++] = (struct elf_segment){.vaddr = vaddr, .memsz = memsz, .flags = flags};
    elf.end = (vaddr + memsz + 4095) & ~4095ull;
}

static void make_elf(void)
{
    elf = (struct elf_file){.entry = 0x100000, .start = 0x100000};
    add_segment(0x100000, 0x4123, PF_X | PF_R);
    add_segment(0x105000, 0x1000, PF_R);
    add_segment(0x107010, 0x203000, PF_R | PF_W);
}

static uint32_t rights_at(uint64_t addr)
{
    for (size_t i = 0; i < map.n_ranges; i++)
        if (addr >= map.ranges[i].start && addr < map.ranges[i].end)
            return map.ranges[i].rights & ~(uint32_t)PAGE_TRACED;
    return 0;
}

static bool is_sealed(uint64_t addr)
{
    for (size_t i = 0; i < map.n_seals; i++)
        if (addr >= map.seals[i].start && addr < map.seals[i].end)
            return true;
    return false;
}

static void check_order(void)
{
    for (size_t i = 0; i < map.n_ranges; i++) {
        ck_assert_uint_lt(map.ranges[i].start, map.ranges[i].end);
        ck_assert_uint_eq((map.ranges[i].start | map.ranges[i].end) % 4096, 0);
        ck_assert(i == 0 || map.ranges[i - 1].end <= map.ranges[i].start);
        ck_assert((map.ranges[i].rights & (PAGE_WRITE | PAGE_EXECUTE)) != (PAGE_WRITE | PAGE_EXECUTE));
    }
}

START_TEST(segments_get_their_rights_and_the_rest_is_data)
{
    struct error err = {0};
    make_elf();
    ck_assert_ok(memory_map_plan(&elf, 512 * MIB, 0, false, &map, &err), err);
    check_order();
    ck_assert_uint_eq(rights_at(0), 0);
    ck_assert_uint_eq(rights_at(0x1000) & PAGE_USER, 0);
    ck_assert_uint_eq(rights_at(0x20000), 0);
    ck_assert_uint_eq(rights_at(0x100000), PAGE_USER | PAGE_EXECUTE);
    ck_assert_uint_eq(rights_at(0x104fff), PAGE_USER | PAGE_EXECUTE);
    ck_assert_uint_eq(rights_at(0x105000), PAGE_USER);
    ck_assert_uint_eq(rights_at(0x106000), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(0x107000), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(512 * MIB - 1), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(512 * MIB), 0);
    ck_assert(is_sealed(0x104fff) && is_sealed(0x105000) && !is_sealed(0x106000) && !is_sealed(0x107000));
}
END_TEST

START_TEST(windows_can_be_read_and_no_more)
{
    static const struct guest_window windows[] = {{.start = 8ull << 30, .end = (8ull << 30) + 0x3000},
                                                  {.start = 9ull << 30, .end = 10ull << 30}};
    struct error err = {0};

    make_elf();
    ck_assert_ok(memory_map_plan(&elf, 512 * MIB, 0, false, &map, &err), err);
    uint64_t before = page_table_plan(map.ranges, map.n_ranges);
    memory_map_add_windows(&map, windows, 2);
    check_order();
    ck_assert_uint_eq(rights_at(8ull << 30), PAGE_USER);
    ck_assert_uint_eq(rights_at((8ull << 30) + 0x3000), 0);
    ck_assert_uint_eq(rights_at((10ull << 30) - 1), PAGE_USER);
    /* A table of small pages and one above it; a GiB of large pages is one table. */
    ck_assert_uint_eq(page_table_plan(map.ranges, map.n_ranges) - before, 3 * PAGE_TABLE_SIZE);
}
END_TEST

/* Also for the largest memory, where they lie above 4 GiB. */
START_TEST(a_ring_lies_above_memory_and_makes_room_for_an_answer)
{
    static const uint64_t sizes[] = {4 * MIB, 512 * MIB, 4096 * MIB};
    const uint64_t size = sizes[_i];
    struct error err = {0};

    make_elf();
    ck_assert_ok(memory_map_plan(&elf, size, 0x3000, false, &map, &err), err);
    check_order();
    ck_assert_uint_eq(rights_at(size - 1), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(size), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(size + 0x2fff), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(size + 0x3000), 0);
    ck_assert_uint_eq(rights_at(LOW_BOOT_INFO), PAGE_USER | PAGE_WRITE);
    ck_assert_uint_eq(rights_at(LOW_MANIFEST), PAGE_USER);
    ck_assert_uint_eq(rights_at(LOW_BOOT_INFO_END - 1), PAGE_USER);

    ck_assert_ok(memory_map_plan(&elf, size, 0, false, &map, &err), err);
    ck_assert_uint_eq(rights_at(LOW_BOOT_INFO), PAGE_USER);
}
END_TEST

START_TEST(the_guard_lies_below_the_stack_s_share)
{
    static const struct {
        uint64_t size;
        bool has_guard;
    } cases[] = {{4 * MIB, true}, {16 * MIB, true}, {512 * MIB, true}, {4096 * MIB, true}, {0x340000, false}};
    struct error err = {0};

    make_elf();
    ck_assert_ok(memory_map_plan(&elf, cases[_i].size, 0, false, &map, &err), err);
    check_order();
    ck_assert(map.guard.start >= elf.end && map.guard.end <= cases[_i].size);
    if (cases[_i].has_guard) {
        ck_assert_uint_eq(map.guard.end - map.guard.start, MEMORY_MAP_GUARD_BYTES);
        ck_assert_uint_eq(rights_at(map.guard.start), 0);
        ck_assert_uint_eq(rights_at(map.guard.end - 1), 0);
        ck_assert_uint_ne(rights_at(map.guard.start - 1), 0);
        ck_assert_uint_ne(rights_at(map.guard.end), 0);
        ck_assert_uint_le(cases[_i].size - map.guard.end, MEMORY_MAP_STACK_MAX);
    } else
        ck_assert_uint_eq(map.guard.start, map.guard.end);
}
END_TEST

START_TEST(segments_may_share_a_page_with_the_same_rights)
{
    struct error err = {0};
    make_elf();
    add_segment(elf.end - 0x10, 0x20, PF_R | PF_W);
    ck_assert_ok(memory_map_plan(&elf, 64 * MIB, 0, false, &map, &err), err);
    check_order();
}
END_TEST

START_TEST(the_most_segments_fit)
{
    struct error err = {0};
    elf = (struct elf_file){.entry = 0x100000};
    for (unsigned i = 0; i < ELF_SEGMENTS_MAX; i++)
        add_segment(GUEST_MIN_BASE + i * 3 * MIB + 4096, 4096, i % 2 != 0 ? PF_R | PF_X : PF_R);
    ck_assert_ok(memory_map_plan(&elf, 4096 * MIB, 0, false, &map, &err), err);
    check_order();
    ck_assert_uint_le(page_table_plan(map.ranges, map.n_ranges), 8 * MIB + 6 * 4096);
}
END_TEST

START_TEST(a_program_larger_than_memory_is_refused)
{
    struct error err = {0};
    make_elf();
    ck_assert_fails(memory_map_plan(&elf, 3 * MIB, 0, false, &map, &err), err, ERROR_NOT_EXEC,
                    "beyond the 0x300000 bytes of guest memory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory_map");
    TCase *t = unit_case(suite, "memory_map");
    tcase_add_test(t, segments_get_their_rights_and_the_rest_is_data);
    tcase_add_loop_test(t, a_ring_lies_above_memory_and_makes_room_for_an_answer, 0, 3);
    tcase_add_loop_test(t, the_guard_lies_below_the_stack_s_share, 0, 5);
    tcase_add_test(t, windows_can_be_read_and_no_more);
    tcase_add_test(t, segments_may_share_a_page_with_the_same_rights);
    tcase_add_test(t, the_most_segments_fit);
    tcase_add_test(t, a_program_larger_than_memory_is_refused);
    return unit_run(suite);
}
