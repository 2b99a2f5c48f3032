/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what in which part of guest memory: a pure function of the ELF file's segments and the size of
 * memory.
 *
 *     low memory        as x86_64/low_memory.h has it
 *     segments          read, write, execute as the ELF file says; never write and execute (elf_file.h)
 *     everything else   read and write, as Solo5 gives it to its guests: gaps between segments, heap, stack
 *     the guard         64 KiB without access below the stack's share of memory
 *     the ring          read and write, right above memory, for a guest with network devices, and the buffers
 *                       of code that it is lent
 *     windows           read only
 *
 * Solo5 puts the stack at the top of memory, growing down, and leaves the rest to the guest: there is no edge
 * between heap and stack. The guard marks one. The stack's share is an eighth of what the program leaves, at
 * most 64 MiB; what happens when the guest touches the guard is decided in x86_64/trap.c.
 */
#ifndef MEMORY_MAP_H
#define MEMORY_MAP_H

#include "abi/note.h"
#include "base/error.h"
#include "elf_file.h"
#include "guest_mem.h"
#include "x86_64/page_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_MAP_GUARD_BYTES (64u << 10)
#define MEMORY_MAP_STACK_MAX   (64u << 20)

/* Each segment and the gap before it; low memory, heap, stack and ring; windows. */
#define MEMORY_MAP_RANGES_MAX (2 * ELF_SEGMENTS_MAX + 12 + MANIFEST_ENTRIES_MAX)

struct memory_map {
    struct page_range ranges[MEMORY_MAP_RANGES_MAX]; /* sorted, not overlapping */
    size_t n_ranges;
    struct guest_seal seals[ELF_SEGMENTS_MAX]; /* the segments that the guest may not write */
    size_t n_seals;
    struct guest_seal guard; /* start == end when memory is too small for one */
};

/*
 * size is the guest's memory in bytes; ring_bytes of a ring and of buffers lie above it, 0 for none;
 * has_graft says that the guest is lent code. ERROR_NOT_EXEC when the segments do not fit into memory.
 */
int memory_map_plan(const struct elf_file *elf, uint64_t size, uint64_t ring_bytes, bool has_graft,
                    struct memory_map *out, struct error *err);

/* Adds the windows, which lie above memory and which the guest reads, and no more. */
void memory_map_add_windows(struct memory_map *map, const struct guest_window *windows, size_t n_windows);

#endif
