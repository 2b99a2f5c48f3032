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
 *   more posted buffers than the ring has slots     a breach
 */
#ifndef RING_H
#define RING_H

#include "abi/note.h"
#include "abi/ring.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Guest memory that a ring takes: whole pages. */
#define RING_BYTES ((sizeof(struct ring) + 4095) & ~(size_t)4095)

/* A buffer that waits for a frame. */
struct ring_post {
    void *buffer; /* in guest memory, the guest's to write */
    uint32_t len;
    uint32_t id;
    uint32_t next; /* of the same device, or of those that are free: its number + 1; 0: none */
};

/* The buffers of one device, the oldest first, as numbers + 1; 0: none. */
struct ring_queue {
    uint32_t first;
    uint32_t last;
};

struct ring_server {
    struct ring *shared;           /* in guest memory; NULL: this guest has none */
    bool can_post;                 /* BOOT_FEATURE_NET_POSTED is offered */
    volatile uint32_t *is_watched; /* where the guest is told whether it need not ring; NULL: nowhere */
    _Atomic uint32_t entry_head;   /* the next entry to take; written by who serves */
    _Atomic uint32_t n_answers;    /* how often the guest has come to an end with what it had got: it sent a
                                    * frame, or  asked for one when there was none; written by who serves */
    _Atomic uint32_t commit_tail;  /* the next commit to post; the same */
    atomic_bool is_taken;          /* somebody is serving */
    char breach[200];              /* with RING_BREACH: what the guest did */
    struct ring_queue queues[MANIFEST_ENTRIES_MAX];
    uint32_t free_post; /* its number + 1 */
    uint32_t n_posts;   /* how many have ever been used: those behind are not even zeroed */
    struct ring_post posts[RING_SLOTS];
};

enum ring_verdict {
    RING_IDLE = 0, /* nothing was submitted */
    RING_SERVED,   /* something was, and is done */
    RING_TAKEN,    /* another thread is serving */
    RING_BREACH    /* the guest must not go on; `breach` says why */
};

/* Takes over a ring in guest memory, for a zeroed server. The guest has to ring for everything until
 * ring_wake(). */
void ring_init(struct ring_server *server, struct ring *shared, bool can_post);

/* Serves what has been submitted, and receives into the buffers that were posted. */
enum ring_verdict ring_serve(struct guest *guest);

/*
 * For a poll, while the guest stands still: serves, and keeps everybody else from it until ring_unlock().
 * Waits for another thread that is at it. RING_IDLE or RING_BREACH, which nobody unlocks.
 */
enum ring_verdict ring_lock(struct guest *guest);
void ring_unlock(struct ring_server *server);

/*
 * Under the lock: receives what there is into the buffers that were posted. Returns the handles of the
 * devices that had something, as the bits of a poll's ready_set.
 */
uint64_t ring_receive(struct guest *guest);

/* Whether there are commits that the guest, by its own account, has not taken. */
bool ring_has_commits(const struct ring_server *server);

/* Serves until nothing is left, waiting for another thread that is at it. For a guest that stands still. */
enum ring_verdict ring_drain(struct guest *guest);

/*
 * The two halves of going to sleep: ring_doze() asks the guest to ring from now on, and is false when it has
 * submitted something meanwhile and nobody may sleep; ring_wake() spares it the ringing.
 */
bool ring_doze(struct ring_server *server);
void ring_wake(struct ring_server *server);

/* Whether there is something to serve. */
bool ring_has_entries(const struct ring_server *server);

/* Tells the guest whether somebody looks at the ring within a millisecond, so that it need not ring at once.
 * After "no", what it has submitted before is there to be seen. */
void ring_watch(struct ring_server *server, bool is_watched);

/* Tells the guest whether somebody receives as frames come, so that it may wait for them without a poll. */
void ring_set_receiving(struct ring_server *server, bool is_receiving);

#endif
