/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that a stock gdb controls, over gdb's remote protocol: the hooks of debugger.h.
 *
 * gdb sees one thread. It can read and change registers and memory, set breakpoints (software; what it asks
 * for as a hardware breakpoint is one too), watch memory where the KVM passes debug registers on to the
 * guest, step, interrupt, detach and kill. An exception of the guest is a signal: continued with it, the
 * guest's own handler gets the exception, or the guest ends as it would have; continued without, the
 * instruction is tried again.
 *
 * A debugger that goes away without a word is taken to have detached.
 */
#ifndef GDB_GDB_H
#define GDB_GDB_H

#include "base/error.h"
#include "guest.h"
#include "monitor/status.h"
#include "vm.h"

#include <stdbool.h>
#include <stdint.h>

#define GDB_PORT_DEFAULT 1234u

/* Waits for gdb on this port, and lets it decide when the guest begins. vm has been booted. */
int gdb_attach(struct vm *vm, struct guest *guest, uint16_t port, struct error *err);

/* The hooks, as debugger.h has them. Without gdb_attach() they do nothing. */
void gdb_on_run(void);
bool gdb_on_trap(struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs);
void gdb_on_crash(enum status_exit reason, const struct kvm_regs *regs);
void gdb_on_end(enum status_exit reason, int exit_status);

#endif
