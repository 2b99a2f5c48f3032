/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/breakpoints.h"

#include "abi/boot.h"

#define INT3 0xcc

/* Both are set in DR7 whenever something is watched: the reserved bit, and exact matching. */
#define DR7_ALWAYS 0x600u

/* ---- breakpoints ---- */

static size_t find(const struct breakpoints *b, uint64_t address)
{
    size_t i = 0;
    while (i < b->n_points && b->points[i].address != address)
        i++;
    return i;
}

bool breakpoints_add(struct breakpoints *breakpoints, uint64_t address)
{
    if (breakpoints_has(breakpoints, address))
        return true;
    if (breakpoints->n_points == BREAKPOINTS_MAX)
        return false;
    breakpoints->points[breakpoints->n_points++] = (struct breakpoint){.address = address};
    return true;
}

void breakpoints_remove(struct breakpoints *breakpoints, uint64_t address)
{
    size_t i = find(breakpoints, address);
    if (i < breakpoints->n_points)
        breakpoints->points[i] = breakpoints->points[--breakpoints->n_points];
}

bool breakpoints_has(const struct breakpoints *breakpoints, uint64_t address)
{
    return find(breakpoints, address) < breakpoints->n_points;
}

/* The debugger may change what the guest may not, but only what lies in its memory. */
static uint8_t *place_of(const struct guest_mem *mem, uint64_t address)
{
    if (address < GUEST_MIN_BASE || guest_mem_borrow(mem, (struct gpa){address}, 1) == NULL)
        return NULL;
    return guest_mem_at(mem, address, 1);
}

void breakpoints_insert(struct breakpoints *breakpoints, const struct guest_mem *mem)
{
    for (size_t i = 0; i < breakpoints->n_points; i++) {
        struct breakpoint *point = &breakpoints->points[i];
        uint8_t *place = place_of(mem, point->address);
        if (place == NULL || point->is_inserted)
            continue;
        point->original = *place;
        point->is_inserted = true;
        *place = INT3;
    }
}

void breakpoints_withdraw(struct breakpoints *breakpoints, const struct guest_mem *mem)
{
    for (size_t i = 0; i < breakpoints->n_points; i++) {
        struct breakpoint *point = &breakpoints->points[i];
        if (!point->is_inserted)
            continue;
        *(uint8_t *)guest_mem_at(mem, point->address, 1) = point->original;
        point->is_inserted = false;
    }
}

/* ---- watchpoints ---- */

static bool is_same(const struct watchpoint *a, const struct watchpoint *b)
{
    return a->address == b->address && a->len == b->len && a->kind == b->kind;
}

bool breakpoints_add_watch(struct breakpoints *breakpoints, const struct watchpoint *watch)
{
    struct watchpoint *free_one = NULL;

    if ((watch->len != 1 && watch->len != 2 && watch->len != 4 && watch->len != 8) ||
        watch->address % watch->len != 0)
        return false;
    for (size_t i = WATCHPOINTS_MAX; i-- > 0;) {
        if (is_same(&breakpoints->watches[i], watch))
            return true;
        if (breakpoints->watches[i].len == 0)
            free_one = &breakpoints->watches[i];
    }
    if (free_one == NULL)
        return false;
    *free_one = *watch;
    return true;
}

void breakpoints_remove_watch(struct breakpoints *breakpoints, const struct watchpoint *watch)
{
    for (size_t i = 0; i < WATCHPOINTS_MAX; i++)
        if (is_same(&breakpoints->watches[i], watch))
            breakpoints->watches[i] = (struct watchpoint){0};
}

void breakpoints_clear(struct breakpoints *breakpoints)
{
    breakpoints->n_points = 0;
    for (size_t i = 0; i < WATCHPOINTS_MAX; i++)
        breakpoints->watches[i] = (struct watchpoint){0};
}

/* In DR7's code for lengths 8 bytes are 2. */
static unsigned length_bits(uint8_t len)
{
    return len == 8 ? 2u : len - 1u;
}

void breakpoints_format_registers(const struct breakpoints *breakpoints,
                                  uint64_t out_addresses[WATCHPOINTS_MAX], uint64_t *out_dr7)
{
    *out_dr7 = 0;
    for (unsigned i = 0; i < WATCHPOINTS_MAX; i++) {
        const struct watchpoint *watch = &breakpoints->watches[i];
        out_addresses[i] = watch->address;
        if (watch->len == 0)
            continue;
        uint64_t what = (uint64_t)watch->kind | length_bits(watch->len) << 2;
        *out_dr7 |= DR7_ALWAYS | 2ull << 2 * i | what << (16 + 4 * i);
    }
}

const struct watchpoint *breakpoints_find_watch(const struct breakpoints *breakpoints, uint64_t dr6)
{
    for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
        if ((dr6 >> i & 1) != 0 && breakpoints->watches[i].len != 0)
            return &breakpoints->watches[i];
    return NULL;
}

/* Of memory that the guest has not got, the value is 0. */
static uint64_t value_of(const struct watchpoint *watch, const struct guest_mem *mem)
{
    uint64_t value = 0;
    (void)guest_mem_copy_in(mem, (struct gpa){watch->address}, &value, watch->len);
    return value;
}

void breakpoints_note_values(struct breakpoints *breakpoints, const struct guest_mem *mem)
{
    for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
        breakpoints->watches[i].value = value_of(&breakpoints->watches[i], mem);
}

const struct watchpoint *breakpoints_find_changed(const struct breakpoints *breakpoints,
                                                  const struct guest_mem *mem)
{
    for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
        if (breakpoints->watches[i].value != value_of(&breakpoints->watches[i], mem))
            return &breakpoints->watches[i];
    return NULL;
}
