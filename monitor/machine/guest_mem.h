/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory, and the only way from a guest address to host bytes.
 *
 * It is one private anonymous mapping without reservation: pages cost nothing until somebody touches them.
 * The loader maps parts of the unikernel's file over it, read-only.
 * Above the guest's own memory the mapping may hold an annex for the monitor's page tables and the network
 * ring; a guest address reaches only what is lent of it (guest_mem_lend()).
 *
 * Every access names an address and a length, and is checked whole: no overflow, no byte outside memory (an
 * access may end exactly at its end). A guest that hands out an address is believed no more than its own page
 * tables allow: below GUEST_MIN_BASE it may name the boot information only, and nobody writes for it to what
 * it may not write itself (guest_mem_seal()).
 *
 * Nothing allocates after guest_mem_init().
 */
#ifndef GUEST_MEM_H
#define GUEST_MEM_H

#include "abi/guest_ptr.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUEST_PAGE_SIZE 4096u

/* The least and the most memory a guest can have. The most is what a hypercall's 32-bit address can reach. */
#define GUEST_MEM_MIN (2ull << 20)
#define GUEST_MEM_MAX (4ull << 30)

/* A range that the guest reads or executes, but never writes: whole pages. */
struct guest_seal {
    uint64_t start;
    uint64_t end;
};

/* A range above the guest's memory in which it reads a block device (window.h): whole pages. */
struct guest_window {
    uint64_t start;
    uint64_t end;
    const unsigned char *bytes; /* the host's view */
    uint32_t handle;            /* the device */
    bool is_constant;           /* nobody can write to the device */
};

struct guest_mem {
    unsigned char *bytes;           /* the host's view */
    uint64_t size;                  /* bytes the guest owns, from address 0 */
    uint64_t mapped;                /* size and the annex */
    struct guest_seal readable_low; /* the boot information */
    struct guest_seal lent;         /* a part of the annex that is the guest's to write to; may be empty */
    const struct guest_seal *seals; /* sorted, not overlapping; the caller's */
    size_t n_seals;
    const struct guest_window *windows; /* sorted, not overlapping; the caller's */
    size_t n_windows;
};

/* Maps size bytes for the guest, a multiple of GUEST_PAGE_SIZE, and annex bytes above them. */
int guest_mem_init(struct guest_mem *mem, uint64_t size, uint64_t annex, struct error *err);

/* The seals are borrowed, and must outlive mem. */
void guest_mem_seal(struct guest_mem *mem, const struct guest_seal *seals, size_t n_seals);

/* Makes a part of the annex the guest's to write to as its own memory. Whole pages. */
void guest_mem_lend(struct guest_mem *mem, uint64_t start, uint64_t end);

/* The windows are borrowed, and must outlive mem. */
void guest_mem_set_windows(struct guest_mem *mem, const struct guest_window *windows, size_t n_windows);

/* The window in which addr lies, or NULL. */
const struct guest_window *guest_mem_find_window(const struct guest_mem *mem, uint64_t addr);

/*
 * Borrows len bytes of guest memory to read from, or NULL when the guest has no right to them. The guest may
 * change them at any time: copy first what must not change. They may lie in a window, whose file can fail:
 * only the kernel (EFAULT) and overlay_write() read them without a risk of SIGBUS.
 */
const void *guest_mem_borrow(const struct guest_mem *mem, struct gpa gpa, uint64_t len);

/* The same to write to. */
void *guest_mem_borrow_writable(const struct guest_mem *mem, struct gpa gpa, uint64_t len);

/* Copies len bytes from the guest's memory. False, with nothing copied, when the guest has no right to them,
 * or when they lie in a window. */
bool guest_mem_copy_in(const struct guest_mem *mem, struct gpa gpa, void *buf, size_t len);

/* Copies len bytes to the guest. False, with nothing copied, when the guest has no right to write them. */
bool guest_mem_copy_out(const struct guest_mem *mem, struct gpa gpa, const void *buf, size_t len);

/*
 * The monitor's own view, without the guest's rights: for the loader, the tables and reports. The range must
 * lie inside memory and annex; anything else is a bug of the caller.
 */
void *guest_mem_at(const struct guest_mem *mem, uint64_t addr, uint64_t len);

/* Unmaps. Accepts a zeroed struct. */
void guest_mem_release(struct guest_mem *mem);

#endif
