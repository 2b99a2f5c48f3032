/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the host, asked a question: what they print is the answer. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

/* Looks for an executable in PATH and in the system's usual directories. */
bool program_find(const char *name, char out_path[PATH_MAX]);

/* What a program answered. */
struct program_answer {
    char *text;      /* its standard output; the caller's to free(3) */
    int exit_status; /* as a shell reports it */
};

/*
 * Runs argv, of which argv[0] is a path, with this process's environment and without input. A program that
 * takes more than ten seconds, or prints more than a mebibyte, is an error; its exit status is not. What it
 * says on standard error is dropped, unless merges_stderr.
 */
int program_ask(char *const argv[], bool merges_stderr, struct program_answer *out, struct error *err);

#endif
