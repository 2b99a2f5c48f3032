/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a program: for main and for what it calls directly; libraries report by struct error.
 *
 * Without log_open() everything goes to standard error as text. With a file, engines read it back after a
 * command has failed, and some take the whole file for one JSON document. Therefore a JSON log gets exactly
 * one line from a command that fails, its error: lower levels are held back until log_commit(), and dropped
 * by log_failure(). Debug lines are never held back.
 *
 * A JSON line is {"level":…,"msg":…,"time":…} with the names and the time format of runc, which engines
 * parse.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/*
 * Appends to the file at path from here on, which is made if need be; NULL or "" is standard error. Lines
 * below least are dropped. program stands in front of lines on standard error.
 */
int log_open(const char *path, enum log_format format, enum log_level least, const char *program,
             struct error *err);

/* One line. Control characters become spaces in text and escapes in JSON; too long a line is cut. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Reports why the program fails: one error line in the log, and the text on standard error. */
void log_failure(const struct error *err);

/* The command has succeeded, or is about to become another program: writes what was held back. */
void log_commit(void);

/* The descriptor of the log file, or -1: for those who close everything else. */
int log_fd(void);

#endif
