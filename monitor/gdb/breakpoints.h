/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guest is to stop.
 *
 * A breakpoint is an int3 instruction, which is in guest memory only while the guest runs: who looks at
 * memory while it stands sees the program's own bytes. Watchpoints are for the CPU's debug registers, of
 * which there are four (AMD64 manual volume 2, 13.1).
 */
#ifndef GDB_BREAKPOINTS_H
#define GDB_BREAKPOINTS_H

#include "guest_mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKPOINTS_MAX 256u
#define WATCHPOINTS_MAX 4u

/* The bits of register DR7 that say what is watched for. */
enum watch_kind { WATCH_WRITE = 1, WATCH_ACCESS = 3 };

struct breakpoint {
    uint64_t address;
    uint8_t original; /* the program's byte, while is_inserted */
    bool is_inserted;
};

struct watchpoint {
    uint64_t address;
    uint8_t len; /* 1, 2, 4 or 8; 0: this one is free */
    enum watch_kind kind;
    uint64_t value; /* what was there when the guest last stood */
};

struct breakpoints {
    struct breakpoint points[BREAKPOINTS_MAX];
    size_t n_points;
    struct watchpoint watches[WATCHPOINTS_MAX]; /* by the number of the debug register */
};

/* False when there are too many. One that is there already is not added twice. */
bool breakpoints_add(struct breakpoints *breakpoints, uint64_t address);
void breakpoints_remove(struct breakpoints *breakpoints, uint64_t address);

/* False when the registers are all in use, or cannot watch this range: it is a power of two and aligned to
 * it. */
bool breakpoints_add_watch(struct breakpoints *breakpoints, const struct watchpoint *watch);
void breakpoints_remove_watch(struct breakpoints *breakpoints, const struct watchpoint *watch);

void breakpoints_clear(struct breakpoints *breakpoints);

/* Puts the instructions in their places. One whose place the guest cannot execute from changes nothing. */
void breakpoints_insert(struct breakpoints *breakpoints, const struct guest_mem *mem);

/* Puts the program's bytes back. */
void breakpoints_withdraw(struct breakpoints *breakpoints, const struct guest_mem *mem);

bool breakpoints_has(const struct breakpoints *breakpoints, uint64_t address);

/* What registers DR0 to DR3 and DR7 are to hold. */
void breakpoints_format_registers(const struct breakpoints *breakpoints,
                                  uint64_t out_addresses[WATCHPOINTS_MAX], uint64_t *out_dr7);

/* The watchpoint that register DR6 speaks of, or NULL. */
const struct watchpoint *breakpoints_find_watch(const struct breakpoints *breakpoints, uint64_t dr6);

/* Remembers what is at the places that are watched. */
void breakpoints_note_values(struct breakpoints *breakpoints, const struct guest_mem *mem);

/* The watchpoint whose value is no longer the same, or NULL. */
const struct watchpoint *breakpoints_find_changed(const struct breakpoints *breakpoints,
                                                  const struct guest_mem *mem);

#endif
