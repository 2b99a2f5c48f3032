/* SPDX-License-Identifier: Apache-2.0 */
/* How a guest's run is reported and ends: what the vCPU's thread and the one beside it share. */
#ifndef RUN_END_H
#define RUN_END_H

#include "debugger.h"
#include "guest.h"
#include "monitor/status.h"
#include "report.h"

struct run_options {
    struct report_names names;
    int breach_status;               /* the exit status of a guest that did what it must not */
    const struct debugger *debugger; /* NULL: none */
    /* Called once, at the guest's first exit: vm_step_first() makes its first instruction one. May be NULL.
     */
    void (*on_started)(void *context);
    void *context;
};

/* The first thread that comes here says why the guest ends; any other stays here until the process is gone.
 */
void run_end_claim(struct guest *guest);

/* Says on the status page that the guest has ended, and why. */
void run_end_note(struct status *status, enum status_exit reason);

/*
 * Ends the process because of what the guest has done to the ring: for another thread than the vCPU's, while
 * the guest runs. If the guest is ending anyhow, it waits for that.
 */
_Noreturn void run_end_beside(struct guest *guest, const struct run_options *options, const char *what);

#endif
