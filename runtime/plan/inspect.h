/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the monitor what a file is: the runtime itself reads no ELF file (monitor/inspect.h). */
#ifndef INSPECT_H
#define INSPECT_H

#include "monitor/inspect.h"

#include "base/error.h"

/* Runs the monitor at path on the open file. The answer is checked in its form. */
int inspect_file(const char *monitor, int fd, struct inspect_answer *out, struct error *err);

#endif
