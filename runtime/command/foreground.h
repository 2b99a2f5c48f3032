/* SPDX-License-Identifier: Apache-2.0 */
/* Staying with a container, as `run` does: signals go on to it, and so does the terminal, until it ends. */
#ifndef FOREGROUND_H
#define FOREGROUND_H

#include "base/error.h"

#include <sys/types.h>

/*
 * Waits for the child pid and reaps it. Signals that this process gets in the meantime go to it, the changes
 * of the terminal's size included. master_fd is the container's terminal, which is connected with standard
 * input and output meanwhile, or -1. *out_status is as of waitpid(2).
 */
int foreground_wait(pid_t pid, int master_fd, int *out_status, struct error *err);

#endif
