/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes, told apart from later ones that the kernel gave the same pid: a process is its pid and the time
 * at which it started (proc(5), /proc/PID/stat, field 22). Once open as a pidfd (pidfd_open(2)) it can no
 * longer be mistaken.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
    pid_t pid;           /* 0: none */
    uint64_t start_time; /* clock ticks since boot */
};

/* Finds out the start time of a process that is known to be alive. */
int process_identify(pid_t pid, struct process *out, struct error *err);

/*
 * Opens the process: *out_pidfd is the caller's. A process that has ended (a zombie has) or whose pid belongs
 * to another one is ERROR_NOT_FOUND.
 */
int process_open(const struct process *process, int *out_pidfd, struct error *err);

/* Whether the process is still there and not a zombie. */
bool process_is_alive(const struct process *process);

/* Whether a signal or a debugger has stopped it, so that it does nothing until it is told to go on. */
bool process_is_stopped(pid_t pid);

/* Sends a signal. A process that has ended is ERROR_NOT_FOUND. */
int process_signal(int pidfd, int signal, struct error *err);

/* Waits until the process has ended, for at most timeout_ms (-1: for ever); later is ERROR_SYSTEM. */
int process_wait_end(int pidfd, int timeout_ms, struct error *err);

#endif
