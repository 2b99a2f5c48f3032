/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a guest from its first instruction to its end, and reports on stderr why it ended, when that was not
 * by its own wish.
 */
#ifndef RUN_H
#define RUN_H

#include "debugger.h"
#include "guest.h"
#include "monitor/status.h"
#include "report.h"
#include "vm.h"

struct run_options {
    struct report_names names;
    int breach_status;               /* the exit status of a guest that did what it must not */
    const struct debugger *debugger; /* NULL: none */
    /* Called once, at the guest's first exit: vm_step_first() makes its first instruction one. May be NULL.
     */
    void (*on_started)(void *context);
    void *context;
};

struct run_end {
    enum status_exit reason;
    int exit_status; /* 0 to 255 */
};

/*
 * Ends the process because of what the guest has done to the ring: for another thread than the vCPU's, while
 * the guest runs. If the guest is ending anyhow, it waits for that.
 */
_Noreturn void run_end_beside(struct guest *guest, const struct run_options *options, const char *what);

void run_guest(struct vm *vm, struct guest *guest, const struct run_options *options, struct run_end *out);

#endif
