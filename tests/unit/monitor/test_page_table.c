/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises of x86_64/page_table.h, checked with a walker of the test's own: every page of a range is mapped
 * to itself with its rights, everything else is not mapped, and few tables are needed.
 */
#include "x86_64/page_table.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define PRESENT    1ull
#define WRITE      2ull
#define USER       4ull
#define ACCESSED   0x20ull
#define LARGE      0x80ull
#define NO_EXECUTE (1ull << 63)
#define ADDRESS    0x000ffffffffff000ull

#define TABLES_GPA 0x100000000ull
#define MIB        (1ull << 20)

static uint64_t *make_tables(const struct page_range *ranges, size_t n)
{
    uint64_t size = page_table_plan(ranges, n);
    uint64_t *tables = calloc(1, size);
    ck_assert_ptr_nonnull(tables);
    page_table_apply(ranges, n, tables, TABLES_GPA);
    return tables;
}

/* The leaf of an address as the CPU finds it, or 0. *out_pa is what it translates to. */
static uint64_t walk(const uint64_t *tables, uint64_t addr, uint64_t *out_pa)
{
    uint64_t entry = TABLES_GPA;
    for (int shift = 39; shift >= 12; shift -= 9) {
        const uint64_t *table = tables + ((entry & ADDRESS) - TABLES_GPA) / 8;
        entry = table[addr >> shift & 511];
        if ((entry & PRESENT) == 0)
            return 0;
        if (shift == 12 || (entry & LARGE) != 0) {
            uint64_t mask = (1ull << shift) - 1;
            *out_pa = (entry & ADDRESS & ~mask) | (addr & mask);
            return entry;
        }
        ck_assert_uint_eq(entry & (USER | WRITE), USER | WRITE); /* leaves decide */
    }
    return 0;
}

static void check_range(const uint64_t *tables, const struct page_range *range)
{
    for (uint64_t addr = range->start; addr < range->end; addr += 4096) {
        uint64_t pa = 0;
        uint64_t leaf = walk(tables, addr, &pa);
        ck_assert_msg(leaf != 0 && pa == addr, "0x%lx goes to 0x%lx", addr, pa);
        ck_assert(((leaf & USER) != 0) == ((range->rights & PAGE_USER) != 0));
        ck_assert(((leaf & WRITE) != 0) == ((range->rights & PAGE_WRITE) != 0));
        ck_assert(((leaf & NO_EXECUTE) == 0) == ((range->rights & PAGE_EXECUTE) != 0));
        ck_assert(((leaf & ACCESSED) == 0) == ((range->rights & PAGE_TRACED) != 0));
    }
}

static const struct page_range mixed[] = {
    {0x1000, 0x2000, PAGE_WRITE},
    {0x100000, 0x105000, PAGE_USER | PAGE_EXECUTE},
    {0x105000, 0x1ff000, PAGE_USER},
    {0x200000, 6 * MIB, PAGE_USER | PAGE_WRITE},
    {6 * MIB + 4096, 9 * MIB, PAGE_USER | PAGE_WRITE | PAGE_TRACED},
    {4095 * MIB, 4096 * MIB, PAGE_USER | PAGE_WRITE},
};
#define N_MIXED (sizeof(mixed) / sizeof(mixed[0]))

START_TEST(every_page_has_its_range_s_rights)
{
    uint64_t *tables = make_tables(mixed, N_MIXED);
    for (size_t i = 0; i < N_MIXED; i++)
        check_range(tables, &mixed[i]);
    free(tables);
}
END_TEST

START_TEST(what_is_in_no_range_is_not_mapped)
{
    static const uint64_t outside[] = {
        0,          0xfff,      0x2000,     0xff000,    0x1ff000,   6 * MIB,           9 * MIB,
        4094 * MIB, 4096 * MIB, 5000 * MIB, 1ull << 40, 1ull << 47, 0xfffffffffffff000};
    uint64_t *tables = make_tables(mixed, N_MIXED);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        uint64_t pa;
        ck_assert_msg(walk(tables, outside[i], &pa) == 0, "0x%lx is mapped", outside[i]);
    }
    free(tables);
}
END_TEST

START_TEST(large_memory_needs_few_tables)
{
    static const struct page_range all = {0, 4096 * MIB, PAGE_USER | PAGE_WRITE};
    ck_assert_uint_eq(page_table_plan(&all, 1), (1 + 1 + 4) * PAGE_TABLE_SIZE);
}
END_TEST

START_TEST(no_range_is_an_empty_root)
{
    ck_assert_uint_eq(page_table_plan(NULL, 0), PAGE_TABLE_SIZE);
}
END_TEST

START_TEST(accesses_of_traced_pages_are_seen)
{
    uint64_t *tables = make_tables(mixed, N_MIXED);
    struct page_table table = {tables, TABLES_GPA};
    uint64_t start = 6 * MIB + 4096, end = 9 * MIB;

    ck_assert(!page_table_is_accessed(&table, start, end));
    for (uint64_t i = 0; i < page_table_plan(mixed, N_MIXED) / 8; i++)
        if ((tables[i] & PRESENT) != 0)
            tables[i] |= ACCESSED;
    ck_assert(page_table_is_accessed(&table, start, end));
    free(tables);
}
END_TEST

START_TEST(a_page_that_was_left_out_can_be_added)
{
    uint64_t *tables = make_tables(mixed, N_MIXED);
    struct page_table table = {tables, TABLES_GPA};
    uint64_t pa;

    ck_assert(page_table_add_page(&table, 6 * MIB, PAGE_USER | PAGE_WRITE));
    ck_assert_uint_ne(walk(tables, 6 * MIB, &pa), 0);
    ck_assert_uint_eq(pa, 6 * MIB);
    ck_assert(!page_table_add_page(&table, 6 * MIB, PAGE_USER));   /* it is there */
    ck_assert(!page_table_add_page(&table, 3 * MIB, PAGE_USER));   /* a large page */
    ck_assert(!page_table_add_page(&table, 100 * MIB, PAGE_USER)); /* no table */
    free(tables);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page_table");
    TCase *t = unit_case(suite, "page_table");
    tcase_add_test(t, every_page_has_its_range_s_rights);
    tcase_add_test(t, what_is_in_no_range_is_not_mapped);
    tcase_add_test(t, large_memory_needs_few_tables);
    tcase_add_test(t, no_range_is_an_empty_root);
    tcase_add_test(t, accesses_of_traced_pages_are_seen);
    tcase_add_test(t, a_page_that_was_left_out_can_be_added);
    return unit_run(suite);
}
