/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's side of the network ring (abi/ring.h): takes the guest's entries, does what they ask for, and
 * posts commits.
 *
 * Any thread may serve; one does at a time. The ring lies in guest memory, of which nothing is believed: the
 * monitor's indices are its own and only published there, and an entry is copied before it is looked at. What
 * a guest gets that breaks the rules:
 *
 *   an address that it has no right to, or more     a breach, as with hypercalls: it ends
 *   entries than the ring has slots
 *   RING_NET_READ with an unknown handle            RESULT_EINVAL in the commit
 *   RING_NET_WRITE with an unknown handle, any      nothing happens; there is no commit that could say so
 *   other operation
 *   more reads than it takes commits                it loses the oldest commits
 */
#ifndef RING_H
#define RING_H

#include "abi/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Guest memory that a ring takes: whole pages. */
#define RING_BYTES ((sizeof(struct ring) + 4095) & ~(size_t)4095)

struct ring_server {
    struct ring *shared;         /* in guest memory; NULL: this guest has none */
    _Atomic uint32_t entry_head; /* the next entry to take; written by who serves */
    uint32_t commit_tail;        /* the next commit to post; for who serves */
    atomic_bool is_taken;        /* somebody is serving */
    atomic_bool is_in_use;       /* the guest has submitted something */
    char breach[200];            /* with RING_BREACH: what the guest did */
};

enum ring_verdict {
    RING_IDLE = 0, /* nothing was submitted */
    RING_SERVED,   /* something was, and is done */
    RING_TAKEN,    /* another thread is serving */
    RING_BREACH    /* the guest must not go on; `breach` says why */
};

/* Takes over a ring in guest memory, zeroed. The guest has to ring for everything until ring_wake(). */
void ring_init(struct ring_server *server, struct ring *shared);

/* Serves what has been submitted. */
enum ring_verdict ring_serve(struct guest *guest);

/* Serves until nothing is left, waiting for another thread that is at it. For a guest that stands still. */
enum ring_verdict ring_drain(struct guest *guest);

/*
 * The two halves of going to sleep: ring_doze() asks the guest to ring from now on, and is false when it has
 * submitted something meanwhile and nobody may sleep; ring_wake() spares it the ringing.
 */
bool ring_doze(struct ring_server *server);
void ring_wake(struct ring_server *server);

#endif
