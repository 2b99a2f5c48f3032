/* SPDX-License-Identifier: Apache-2.0 */
/* Records the system calls of a program and of what it starts, in the order in which they are made. */
#ifndef CALL_RECORDER_H
#define CALL_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct recorded_call {
    long number;
    uint64_t arguments[6];
    bool reads_file; /* it takes bytes of the file that is watched, or maps it */
};

/*
 * Runs child(context) in a process, which executes a program or starts a process that does. Records what is
 * called from then on, by all threads, until a guest runs (KVM_RUN) or everybody has ended; then nothing of
 * them is left. file is the file that is watched. Returns how many calls there are in out, at most max.
 */
size_t call_recorder_run(void (*child)(void *context), void *context, const struct stat *file,
                         struct recorded_call *out, size_t max);

#endif
