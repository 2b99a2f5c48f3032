/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What wherry-monitor-debug adds to the stand-alone monitor. The ordinary monitor carries none of it: what
 * writes guest memory to files has no place in a box.
 */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include "base/error.h"
#include "guest.h"

#include <linux/kvm.h>
#include <stdbool.h>

struct debugger {
    /* Reads a command line option, or leaves *out_is_mine false. */
    int (*parse_option)(const char *option, bool *out_is_mine, struct error *err);
    const char *usage; /* lines that describe the options */
    /* The guest has aborted or trapped at these registers, and been reported. */
    void (*on_crash)(const struct guest *guest, const struct kvm_regs *regs);
};

#endif
