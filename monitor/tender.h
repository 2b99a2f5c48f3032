/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stand-alone monitor: solo5-hvt's command line (--mem, --net:NAME=, --net-mac:NAME=, --block:NAME=,
 * --block-sector-size:NAME=), its exit statuses, and its words where scripts look for them.
 */
#ifndef TENDER_H
#define TENDER_H

#include "base/error.h"
#include "debugger.h"

/*
 * Runs the unikernel that the command line names and returns its exit status. -1 with err when there is
 * nothing to run; ERROR_USAGE when the command line is to blame. The guest runs in the box, unless there is a
 * debugger (NULL: none).
 */
int tender_main(int argc, char **argv, const struct debugger *debugger, struct error *err);

/* Prints how the command line looks. */
void tender_print_usage(const struct debugger *debugger);

#endif
