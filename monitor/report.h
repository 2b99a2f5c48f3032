/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor says on stderr about a guest that did not end by its own wish: one block, written at once.
 * It names what happened in words, the registers, the segment in which a faulting address lies, and the calls
 * that led there, with names when the ELF file has symbols.
 *
 * Works under the seccomp filter: builds its text in static memory and calls write(2) only.
 */
#ifndef REPORT_H
#define REPORT_H

#include "elf_file.h"
#include "guest.h"
#include "symbols.h"
#include "x86_64/trap.h"

#include <linux/kvm.h>

/* How to name things in reports. */
struct report_names {
    const char *label; /* of the guest: a container's id or a file's name */
    const struct elf_file *elf;
    const struct symbols *symbols;
};

/* An exception that ended the guest. */
void report_trap(const struct report_names *names, const struct guest *guest, const struct trap *trap);

/* Something else that a guest must not do. regs may be NULL. */
void report_breach(const struct report_names *names, const struct guest *guest, const char *what,
                   const struct kvm_regs *regs);

/* The guest's own abort. cause is the exception that its handler has met before, or NULL. */
void report_abort(const struct report_names *names, const struct guest *guest, const struct trap *cause);

#endif
