/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's console: a descriptor that takes what the guest prints.
 *
 * A reader that has stopped reading must not stop the guest for ever. When the descriptor does not take
 * bytes for CONSOLE_PATIENCE_MS, the rest of that write is dropped, and everything after it until there is
 * room again; then a line says how many bytes are missing. A reader that is gone is no error: output to it is
 * dropped silently.
 *
 * What the guest has gathered in its ring (console_ring.h) is written before anything else is. Two threads
 * may be here at a time; the second one waits.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "console_ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSOLE_PATIENCE_MS 1000

struct console {
    int fd;
    bool can_block; /* not a file: writes may have to wait for a reader */
    bool is_stalled;
    bool is_closed;
    uint64_t dropped_bytes; /* since the last notice */
    struct console_ring ring;
    _Atomic uint64_t *ring_bytes; /* where bytes of the ring are counted; the caller's */
    atomic_bool is_taken;         /* a thread is here */
};

/* fd stays the caller's. */
void console_init(struct console *console, int fd);

/* The guest gathers its output at shared, in zeroed guest memory. */
void console_attach(struct console *console, struct graft_console *shared, _Atomic uint64_t *ring_bytes);

/*
 * Writes what the guest has gathered so far, up to what must be dropped. False when it has broken the rules
 * of its ring: it must not go on.
 */
bool console_flush(struct console *console);

/* Writes bytes, whole or up to what must be dropped. */
void console_write(struct console *console, const char *bytes, size_t size);

#endif
