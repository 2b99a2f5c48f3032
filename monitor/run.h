/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a guest from its first instruction to its end, and reports on stderr why it ended, when that was not
 * by its own wish.
 */
#ifndef RUN_H
#define RUN_H

#include "guest.h"
#include "monitor/status.h"
#include "run_end.h"
#include "vm.h"

struct run_end {
    enum status_exit reason;
    int exit_status; /* 0 to 255 */
};

void run_guest(struct vm *vm, struct guest *guest, const struct run_options *options, struct run_end *out);

#endif
