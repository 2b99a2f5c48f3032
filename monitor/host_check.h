/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can this host run guests? Runs one, of five instructions, the way that every guest is run: parsed, loaded,
 * in the box.
 */
#ifndef HOST_CHECK_H
#define HOST_CHECK_H

#include "base/error.h"

/*
 * Prints a line for each thing found, "WORD SUBJECT: TEXT". WORD is "ok", "warning" (guests run, with less
 * around them) or "missing" (no guest runs); SUBJECT is "kvm", "guest" or "box". Returns 0, or 1 if anything
 * is missing; -1 with err if the check itself failed.
 */
int host_check_main(struct error *err);

#endif
