/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pseudo-terminal for a container (process.terminal): the slave becomes the container's 0, 1 and 2, the
 * master goes to the engine over the socket that it named with --console-socket, or stays with `run`.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct terminal {
    int master_fd;
    int slave_fd;
};

#define TERMINAL_NONE ((struct terminal){.master_fd = -1, .slave_fd = -1})

/* Makes one of the given size (0: leave it). The slave belongs to uid, which must be able to write on it. */
int terminal_open(struct terminal *out, uint16_t rows, uint16_t columns, uid_t uid, struct error *err);

/* Connects to the socket at path and sends the master in one message of one byte, as conmon and shims expect.
 */
int terminal_send(const struct terminal *terminal, const char *path, struct error *err);

void terminal_close(struct terminal *terminal);

#endif
