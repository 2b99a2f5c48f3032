/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: planning and applying are the same walk over the ranges, once with a NULL destination to count
 * tables, once to fill them. Tables are taken one after the other in the order in which the walk meets new
 * parts of the address space; ranges ascend, so a table is complete when the walk leaves it, and one table a
 * level is open at any time.
 *
 * The accessed and dirty bits of leaves are set in advance: the CPU, or a KVM that shadows these tables,
 * then has no reason to trap or to write to them. Traced pages are the exception for "accessed".
 */
#include "page_table.h"

#include "base/bug.h"

#include <string.h>

#define ENTRY_PRESENT    (1ull << 0)
#define ENTRY_WRITE      (1ull << 1)
#define ENTRY_USER       (1ull << 2)
#define ENTRY_ACCESSED   (1ull << 5)
#define ENTRY_DIRTY      (1ull << 6)
#define ENTRY_LARGE      (1ull << 7)
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS    0x000ffffffffff000ull

#define ENTRIES     512u
#define LEVELS      4
#define SMALL_BYTES 4096ull
#define LARGE_BYTES (2ull << 20)

struct walk {
    uint64_t *tables; /* NULL: only count */
    uint64_t gpa;
    uint64_t n_tables;
    uint64_t open[LEVELS];   /* the open table of each level (0 is the root), by number */
    uint64_t prefix[LEVELS]; /* which part of the address space it translates */
    bool is_open[LEVELS];
};

/* How many bits of an address the levels below this one translate. */
static unsigned level_shift(int level)
{
    return 39u - 9u * (unsigned)level;
}

static uint64_t *table_at(const struct walk *w, uint64_t number)
{
    return w->tables + number * ENTRIES;
}

/* Makes the table of this level that translates addr the open one. */
static void open_table(struct walk *w, int level, uint64_t addr)
{
    uint64_t prefix = level == 0 ? 0 : addr >> level_shift(level - 1);
    if (w->is_open[level] && w->prefix[level] == prefix)
        return;

    uint64_t number = w->n_tables++;
    w->open[level] = number;
    w->prefix[level] = prefix;
    w->is_open[level] = true;
    if (w->tables != NULL && level > 0) {
        uint64_t *parent = table_at(w, w->open[level - 1]);
        /* Rights are decided by the leaves. */
        parent[prefix % ENTRIES] =
            (w->gpa + number * PAGE_TABLE_SIZE) | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED;
    }
}

static uint64_t leaf_entry(uint64_t addr, uint32_t rights, bool is_large)
{
    uint64_t entry = addr | ENTRY_PRESENT;
    if ((rights & PAGE_USER) != 0)
        entry |= ENTRY_USER;
    if ((rights & PAGE_WRITE) != 0)
        entry |= ENTRY_WRITE | ENTRY_DIRTY;
    if ((rights & PAGE_EXECUTE) == 0)
        entry |= ENTRY_NO_EXECUTE;
    if ((rights & PAGE_TRACED) == 0)
        entry |= ENTRY_ACCESSED;
    if (is_large)
        entry |= ENTRY_LARGE;
    return entry;
}

static void map_range(struct walk *w, const struct page_range *range)
{
    for (uint64_t addr = range->start; addr < range->end;) {
        bool is_large = addr % LARGE_BYTES == 0 && range->end - addr >= LARGE_BYTES;
        int leaf_level = is_large ? LEVELS - 2 : LEVELS - 1;

        for (int level = 0; level <= leaf_level; level++)
            open_table(w, level, addr);
        if (w->tables != NULL) {
            uint64_t *leaf = table_at(w, w->open[leaf_level]);
            leaf[(addr >> level_shift(leaf_level)) % ENTRIES] = leaf_entry(addr, range->rights, is_large);
        }
        addr += is_large ? LARGE_BYTES : SMALL_BYTES;
    }
}

static uint64_t walk_ranges(struct walk *w, const struct page_range *ranges, size_t n_ranges)
{
    open_table(w, 0, 0);
    for (size_t i = 0; i < n_ranges; i++) {
        BUG_ON((ranges[i].start | ranges[i].end) % SMALL_BYTES != 0);
        BUG_ON(i > 0 && ranges[i].start < ranges[i - 1].end);
        map_range(w, &ranges[i]);
    }
    return w->n_tables * PAGE_TABLE_SIZE;
}

uint64_t page_table_plan(const struct page_range *ranges, size_t n_ranges)
{
    struct walk w = {0};
    return walk_ranges(&w, ranges, n_ranges);
}

void page_table_apply(const struct page_range *ranges, size_t n_ranges, void *tables, uint64_t tables_gpa)
{
    struct walk w = {.tables = tables, .gpa = tables_gpa};
    walk_ranges(&w, ranges, n_ranges);
}

/* The leaf that translates addr, and how many bytes it covers; or the last table entry, if it is empty. */
static uint64_t *find_leaf(const struct page_table *table, uint64_t addr, uint64_t *out_bytes)
{
    uint64_t *entries = table->tables;
    for (int level = 0;; level++) {
        uint64_t *entry = &entries[(addr >> level_shift(level)) % ENTRIES];
        *out_bytes = 1ull << level_shift(level);
        if (level == LEVELS - 1 || (*entry & ENTRY_PRESENT) == 0 || (*entry & ENTRY_LARGE) != 0)
            return entry;
        entries = (uint64_t *)((char *)table->tables + ((*entry & ENTRY_ADDRESS) - table->gpa));
    }
}

bool page_table_is_accessed(const struct page_table *table, uint64_t start, uint64_t end)
{
    for (uint64_t addr = start, bytes; addr < end; addr = (addr & ~(bytes - 1)) + bytes) {
        const uint64_t *leaf = find_leaf(table, addr, &bytes);
        if ((__atomic_load_n(leaf, __ATOMIC_RELAXED) & ENTRY_ACCESSED) == 0)
            return false;
    }
    return true;
}

bool page_table_add_page(const struct page_table *table, uint64_t addr, uint32_t rights)
{
    uint64_t bytes;
    uint64_t *leaf = find_leaf(table, addr, &bytes);
    if (bytes != SMALL_BYTES || (*leaf & ENTRY_PRESENT) != 0)
        return false;
    *leaf = leaf_entry(addr & ~(SMALL_BYTES - 1), rights, false);
    return true;
}
