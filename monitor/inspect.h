/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `wherry-monitor --inspect FILE` and `--inspect=binary` (monitor/inspect.h): what a file declares, found by
 * a process that has put itself into a box before it looks at the first byte of the file.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "base/error.h"
#include "monitor/inspect.h"
#include "unikernel.h"

#include <stddef.h>
#include <stdio.h>

/* Fills in the answer about a file's bytes. Pure. unikernel is room to work in, and holds the details after.
 */
void inspect_bytes(const void *bytes, size_t size, struct unikernel *unikernel, struct inspect_answer *out);

/* Formats the answer for people: several lines, into text of size bytes. Returns the length. Pure. */
size_t inspect_format(const char *name, const struct inspect_answer *answer, char *text, size_t size);

/*
 * Inspects the file path, or standard input when path is NULL; prints the answer in words, or as bytes when
 * path is NULL. Afterwards the process can do nothing but exit. Returns the exit status: 0, or in words 1
 * when the file is no unikernel that can be loaded; -1 with err when the file could not be inspected at all.
 */
int inspect_main(const char *path, struct error *err);

#endif
