/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The specification's own files, for tests that compare with them: a checkout whose path is in
 * WHERRY_RUNTIME_SPEC, else what Debian's package golang-github-opencontainers-specs-dev installs (schemas,
 * but no examples).
 */
#ifndef RUNTIME_SPEC_H
#define RUNTIME_SPEC_H

#include <stdbool.h>

#define RUNTIME_SPEC_PATH_MAX 4096

/* The path of a file or folder of the specification. Returns whether it is there. */
bool runtime_spec_path(const char *relative, char path[RUNTIME_SPEC_PATH_MAX]);

/* Prints that the test needs relative, and ends the program as skipped. */
_Noreturn void runtime_spec_skip(const char *relative);

#endif
