/* SPDX-License-Identifier: Apache-2.0 */
/* Lets another process make a system call of our choice, as somebody who has taken it over could. */
#ifndef TRACED_CALL_H
#define TRACED_CALL_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Stops process (or thread) pid wherever it is, and lets it make the call instead of what it was about to do.
 * Afterwards it runs on by itself, with registers of no further use: it is expected to end. Returns 0, or -1
 * with errno.
 */
int traced_call_inject(pid_t pid, long number, const uint64_t arguments[6]);

#endif
