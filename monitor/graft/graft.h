/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grafts: code of ours that a guest runs in the place of functions of Solo5's library.
 *
 * An exit is dear, and Solo5's library makes one for each block read. A guest that is linked with the kit
 * asks for something better; the guests that people have do not. Where a unikernel's symbols say where the
 * public functions of Solo5's interface begin, the first bytes of those that we have a replacement for become
 * a jump to it. Where there are no such symbols, but the hypercalls of Solo5's library (call_sites.h), those
 * become calls. The code is in guest/; it does exactly what Solo5's library, or the monitor, does with the
 * same arguments.
 *
 * It runs in ring 3, with the guest's rights and no others: it can do nothing that the guest could not do
 * itself, and the monitor believes none of what it says. A guest about which anything is unusual (two
 * functions of one name, one outside of its code or out of reach) runs as it is.
 */
#ifndef GRAFT_H
#define GRAFT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct guest_mem;
struct manifest_table;
struct unikernel;

/* A function, or a hypercall, that is replaced. */
struct graft_jump {
    uint64_t from;       /* guest addresses: where it begins, in a segment that is executed */
    uint64_t to;         /* where its replacement does */
    unsigned call_bytes; /* 0: a function; else a hypercall of so many: a call, behind which it goes on */
};

#define GRAFT_JUMPS_MAX 64

struct graft {
    struct graft_jump jumps[GRAFT_JUMPS_MAX];
    size_t n_jumps; /* 0: the guest runs as it is */
    bool reads_windows;
    bool gathers_output; /* in a struct graft_console at LOW_GRAFT_DATA */
    bool uses_ring;      /* for all network devices, with a struct graft_frames right above the ring */
    uint64_t clock;      /* with uses_ring, and functions: where the guest's solo5_clock_monotonic() begins */
};

/* Decides what is replaced. Pure. */
void graft_plan(const struct unikernel *unikernel, struct graft *out);

/*
 * Does it, in the memory of a guest that has its segments and its windows. memory_map_plan() has been told.
 * Block devices are unknown to the code until graft_add_block().
 */
int graft_apply(const struct graft *graft, const struct guest_mem *mem, const struct elf_file *elf,
                struct error *err);

/* Tells the code that handle is a block device; a window on it, if there is one, is mem's. */
void graft_add_block(const struct guest_mem *mem, uint32_t handle, uint64_t block_size);

/*
 * Tells the code of a guest that uses the ring which network devices it has: those of the manifest, which are
 * attached. ring is the ring's address; mem says where the buffers are (guest_mem_lend()). Returns where it
 * reads whether the ring is watched (struct graft_net); NULL if frames can be so long that there are too few
 * buffers for them: then the functions make hypercalls.
 */
volatile uint32_t *graft_set_net(const struct graft *graft, const struct guest_mem *mem,
                                 const struct manifest_table *manifest, uint64_t ring, uint64_t tsc_hz);

/*
 * The name of the function of Solo5's library whose replacement a guest address is in, and how far; NULL when
 * it is in none.
 */
const char *graft_find_name(uint64_t address, uint64_t *out_off);

#endif
