/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that the CPU reads when the guest traps: GDT, IDT, TSS with its I/O permission bitmap, and one
 * stub of ring 0 code for each exception (AMD64 manual volume 2, chapters 4, 8 and 12).
 *
 * All of it lies in pages that ring 3 cannot see (low_memory.h). A stub does one `out` to TRAP_PORT + vector;
 * the monitor finds the exception's frame on the ring 0 stack and never returns to the stub. The bitmap lets
 * ring 3 reach the hypercall ports and the doorbell, and nothing else.
 */
#ifndef X86_64_DESCRIPTOR_H
#define X86_64_DESCRIPTOR_H

#include "guest_mem.h"

#include <linux/kvm.h>
#include <stdint.h>

#define TRAP_VECTORS 32u
#define TRAP_PORT    0x40u /* and the next TRAP_VECTORS ports; ring 3 cannot reach them */

/* One more stub, at which a `syscall` instruction arrives if the KVM executes it although it is off. */
#define TRAP_VECTOR_SYSCALL TRAP_VECTORS
#define TRAP_STUBS          (TRAP_VECTORS + 1)

/* kvm_pvm runs ring 3 with the host's own selectors, so these are the host's. */
#define SELECTOR_KERNEL_CODE 0x08u
#define SELECTOR_USER_DATA   0x2bu
#define SELECTOR_USER_CODE   0x33u
#define SELECTOR_TSS         0x40u

/* Writes the tables and stubs to low memory. */
void descriptor_apply(const struct guest_mem *mem);

/* Segment, table and task registers for ring 3 with these tables. Other registers are left alone. */
void descriptor_load(struct kvm_sregs *sregs);

/* How many registers descriptor_load_msrs() fills in. */
#define DESCRIPTOR_MSRS 4u

/* The model-specific registers that say where `syscall` leads. */
void descriptor_load_msrs(struct kvm_msr_entry msrs[DESCRIPTOR_MSRS]);

/* Only what a trap has changed, or KVM cannot give back: to return to ring 3. */
void descriptor_load_user(struct kvm_sregs *sregs);

#endif
