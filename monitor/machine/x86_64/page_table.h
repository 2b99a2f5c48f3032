/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's page tables (AMD64 Architecture Programmer's Manual volume 2, 5.3: four levels).
 *
 * Linear addresses are guest-physical addresses. The tables are built once from a list of ranges, before the
 * guest runs, and lie where the guest has no mapping: nobody but the monitor can change them. Whole aligned
 * 2 MiB of one range become one large page, so the tables' size depends on the number of ranges and hardly on
 * the size of memory.
 */
#ifndef X86_64_PAGE_TABLE_H
#define X86_64_PAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_TABLE_SIZE 4096u

enum page_rights {
    PAGE_USER = 1 << 0, /* ring 3 may read; without it the page is for ring 0 only */
    PAGE_WRITE = 1 << 1,
    PAGE_EXECUTE = 1 << 2,
    PAGE_TRACED = 1 << 3 /* the CPU records the first access (page_table_is_accessed()) */
};

/* [start, end), multiples of 4096. */
struct page_range {
    uint64_t start;
    uint64_t end;
    uint32_t rights; /* enum page_rights */
};

/* How many bytes of tables the ranges need. They are sorted and do not overlap. */
uint64_t page_table_plan(const struct page_range *ranges, size_t n_ranges);

/*
 * Writes the tables. tables is the host's view of page_table_plan() bytes, zeroed, whose guest-physical
 * address is tables_gpa (a multiple of 4096). The root table comes first: tables_gpa is what CR3 gets.
 */
void page_table_apply(const struct page_range *ranges, size_t n_ranges, void *tables, uint64_t tables_gpa);

/* A set of tables that has been applied. */
struct page_table {
    void *tables;
    uint64_t gpa;
};

/* Whether every page of [start, end) has been accessed. The range is traced. */
bool page_table_is_accessed(const struct page_table *table, uint64_t start, uint64_t end);

/*
 * Maps one 4 KiB page that was left out of the ranges, in a part of memory that has small pages. False when
 * it has none there.
 */
bool page_table_add_page(const struct page_table *table, uint64_t addr, uint32_t rights);

#endif
