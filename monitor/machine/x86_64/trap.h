/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when the guest traps.
 *
 * The guest believes that it runs in ring 0, with tables of its own. Here live the registers that it believes
 * in, the emulation of the few privileged instructions that such a guest executes, and the delivery of an
 * exception to the handler that the guest has installed. An exception ends the guest when it is a breach of
 * the seal (what its page tables forbid, a privileged instruction), or when the guest has no handler for it.
 */
#ifndef X86_64_TRAP_H
#define X86_64_TRAP_H

#include "guest_mem.h"
#include "x86_64/instruction.h"
#include "x86_64/page_table.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

/* Exceptions by vector; others need no word of their own. */
enum trap_vector {
    VECTOR_DIVIDE = 0,
    VECTOR_DEBUG = 1,
    VECTOR_GENERAL_PROTECTION = 13,
    VECTOR_PAGE_FAULT = 14
};

/* Bits of a page fault's error code. */
enum trap_fault { FAULT_PRESENT = 1 << 0, FAULT_WRITE = 1 << 1, FAULT_USER = 1 << 2, FAULT_FETCH = 1 << 4 };

struct trap_table {
    uint64_t base;
    uint16_t limit;
};

struct trap_unit {
    const struct guest_mem *mem;
    struct page_table page_table;
    /* An unmapped range below the stack; start == end: none, or it has given way. [end, stack_top) is traced.
     */
    struct guest_seal guard;
    uint64_t stack_top;
    bool is_stepping; /* the guest has yet to execute its first instruction */

    /* What the guest believes its registers hold. */
    struct trap_table gdt;
    struct trap_table idt;
    uint64_t tss;
    uint16_t cs;
    uint16_t ss;
    uint64_t cr2;
};

enum trap_verdict {
    TRAP_RESUME = 0, /* dealt with: let the guest go on */
    TRAP_STARTED,    /* the same, and it was the first instruction's single step */
    TRAP_FORWARDED,  /* the guest's own handler goes on */
    /* The guest cannot go on: */
    TRAP_SEAL,       /* an access that the rights of the page forbid */
    TRAP_STACK,      /* the stack has run into its guard */
    TRAP_PRIVILEGED, /* an instruction that ring 3 must not execute */
    TRAP_HALTED,     /* hlt: nothing could wake it */
    TRAP_UNHANDLED,  /* no handler */
    TRAP_DOUBLE,     /* a handler that cannot be entered */
    TRAP_KERNEL      /* an exception in ring 0: a stub cannot have one */
};

/* One exception, as the guest met it. */
struct trap {
    enum trap_verdict verdict;
    unsigned vector;
    uint64_t error_code; /* 0 for exceptions without one */
    uint64_t address;    /* of a page fault */
    struct kvm_regs regs;
    uint64_t fs_base;
    const char *instruction; /* of a general protection fault: the privileged instruction's name, or "" */
};

/*
 * Reads the exception whose stub has just run. regs and sregs are the CPU's, at the stub. The verdict becomes
 * TRAP_KERNEL, or TRAP_RESUME until trap_handle() has decided.
 */
void trap_read(const struct trap_unit *unit, unsigned vector, const struct kvm_regs *regs,
               const struct kvm_sregs *sregs, struct trap *out);

/*
 * Handles the exception: decides on the verdict and, unless that ends the guest, changes regs and sregs to
 * what it goes on with. What the guest had in its registers is taken from trap->regs.
 */
void trap_handle(struct trap_unit *unit, struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs);

/* Whether a guest with this verdict goes on. */
bool trap_is_survived(enum trap_verdict verdict);

/* "page fault" and the like. */
const char *trap_vector_name(unsigned vector);

#endif
