/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies below GUEST_MIN_BASE (abi/boot.h) in guest memory. Addresses are guest-physical and, as guest
 * memory is mapped to itself, also linear.
 *
 *     0x00000             not mapped: a null pointer faults
 *     0x01000             GDT, IDT and TSS         for the CPU only (supervisor pages)
 *     0x02000             trap stubs               ring 0 code, read-only
 *     0x03000             ring 0 stack             holds one trap frame
 *     0x10000             boot information         the guest reads it, and answers in it if it has a ring
 *     0x11000 to 0x20000  manifest, command line   the guest reads them
 *     0x20000             code that it is lent     the guest executes it
 *     0x22000             the table of that code   the guest reads it
 *     0x23000             the data of that code    the guest reads and writes them
 *     the rest            not mapped
 */
#ifndef X86_64_LOW_MEMORY_H
#define X86_64_LOW_MEMORY_H

#define LOW_DESCRIPTORS 0x1000u
#define LOW_STUBS       0x2000u
#define LOW_STACK       0x3000u
#define LOW_STACK_TOP   0x4000u

/* Where Solo5's tender has it too. */
#define LOW_BOOT_INFO     0x10000u
#define LOW_MANIFEST      0x11000u
#define LOW_BOOT_INFO_END 0x20000u

/* In reach of a jump from any program that lies below 2 GiB. The linker script has the first one, too. */
#define LOW_GRAFT_CODE  0x20000u
#define LOW_GRAFT_TABLE 0x22000u
#define LOW_GRAFT_DATA  0x23000u
#define LOW_GRAFT_END   0x28000u

#endif
