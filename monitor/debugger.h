/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What wherry-monitor-debug adds to the stand-alone monitor. The ordinary monitor carries none of it: what
 * writes guest memory to files has no place in a box.
 */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include "base/error.h"
#include "guest.h"
#include "monitor/status.h"
#include "vm.h"

#include <linux/kvm.h>
#include <stdbool.h>

/* Every hook is there; one that has nothing to do returns. */
struct debugger {
    /* Reads a command line option, or leaves *out_is_mine false. */
    int (*parse_option)(const char *option, bool *out_is_mine, struct error *err);
    const char *usage; /* lines that describe the options */
    /* The guest runs with nothing but its own code: it is lent none (graft.h). */
    bool (*wants_own_code)(void);
    /* The guest is ready for its first instruction. */
    int (*on_boot)(struct vm *vm, struct guest *guest, struct error *err);
    /* The vCPU is about to run; also after a KVM_EXIT_DEBUG, which is left to this hook. */
    void (*on_run)(void);
    /*
     * The guest has an exception, whose registers are in trap->regs. True: it has been dealt with, and the
     * guest goes on with regs and sregs. False: it is handled as always, with what the hook has left in
     * trap->regs.
     */
    bool (*on_trap)(struct trap *trap, struct kvm_regs *regs, struct kvm_sregs *sregs);
    /* The guest has aborted, trapped or done what it must not at these registers, and been reported. */
    void (*on_crash)(const struct guest *guest, enum status_exit reason, const struct kvm_regs *regs);
    /* The guest has ended. */
    void (*on_end)(enum status_exit reason, int exit_status);
};

#endif
