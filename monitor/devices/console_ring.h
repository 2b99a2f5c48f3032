/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that a guest has gathered (struct graft_console) instead of making a hypercall for each piece of it:
 * the monitor's side. It lies in guest memory, of which nothing is believed: the monitor's count is its own
 * and only published there, and each of the guest's words is read once.
 *
 * One thread at a time; console.h sees to that.
 */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include "graft_layout.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console_ring {
    struct graft_console *shared; /* in guest memory; NULL: this guest has none */
    _Atomic uint64_t head;        /* bytes that were ever taken */
};

/* Whether there is something to take, as far as one can see without being the one who takes. */
bool console_ring_has_more(const struct console_ring *ring);

/*
 * Copies out what is next, at most size bytes, and whole lines as far as possible if that is not everything.
 * It stays in the ring until console_ring_drop(). Returns how many bytes; SIZE_MAX when the guest has more in
 * it than there is room for, which it can only have by breaking the rules.
 */
size_t console_ring_peek(const struct console_ring *ring, char *out, size_t size);
void console_ring_drop(struct console_ring *ring, size_t size);

/*
 * Says whether somebody looks within a millisecond. After "no", what was written before is there to be seen;
 * what comes later comes with a hypercall.
 */
void console_ring_watch(struct console_ring *ring, bool is_watched);

#endif
