/* SPDX-License-Identifier: Apache-2.0 */
#include "run_end.h"

#include "x86_64/ticks.h"

#include <stdatomic.h>
#include <unistd.h>

void run_end_claim(struct guest *guest)
{
    if (!atomic_exchange_explicit(&guest->is_ending, true, memory_order_acq_rel))
        return;
    for (;;)
        ticks_relax();
}

void run_end_note(struct status *status, enum status_exit reason)
{
    atomic_store_explicit(&status->exit_reason, (uint64_t)reason, memory_order_relaxed);
    atomic_store_explicit(&status->phase, STATUS_ENDED, memory_order_release);
}

_Noreturn void run_end_beside(struct guest *guest, const struct run_options *options, const char *what)
{
    run_end_claim(guest);
    (void)console_flush(&guest->console);
    report_breach(&options->names, guest, what, NULL);
    run_end_note(guest->status, STATUS_EXIT_TRAP);
    _exit(options->breach_status);
}
