/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that end the monitor. A guest never sees one: it is interrupted wherever it is, also in an endless
 * loop, and the process is gone with the handler's _exit(2).
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "base/error.h"
#include "monitor/status.h"

#include <signal.h>

/*
 * For a container: every signal whose default action is to end a process ends this one with status
 * 128 + number, also when it is the init process of a PID namespace, which the kernel would shield from
 * default actions (pid_namespaces(7)). SIGPIPE is ignored: a reader that is gone is no reason to end.
 */
int signals_end_container(struct error *err);

/* The status page in which such an end is noted. It stays the caller's; NULL: none yet. */
void signals_set_status(struct status *status);

/* For the stand-alone monitor: SIGINT and SIGTERM end it with status 1 and a line on stderr, as solo5-hvt. */
int signals_end_tender(struct error *err);

/* Fills in all signals but those that a thread can cause by what it executes. */
void signals_fill_with_others(sigset_t *out);

/* What is done before any of these ends the process, in the thread that takes the signal. NULL: nothing. */
void signals_set_before_end(void (*before_end)(void));

/*
 * A mapped file, the unikernel's or a window's, that is cut short while the monitor itself reads it ends the
 * monitor with this status and a line on stderr. Until this has been called, that is a signal that kills.
 */
int signals_end_at_cut_file(int exit_status, struct error *err);

#endif
