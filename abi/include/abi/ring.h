/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared network ring: packets without an exit each, with a doorbell only when the other side sleeps.
 *
 * Source: Solo5 include/hvt_ring.h (host feature bit 0). The guest submits entries (a frame to send, or a
 * buffer to receive into); the monitor's I/O thread answers with commits in order of completion. Each index
 * is written by one side only; the two sides' indices lie in cache lines of their own. Indices run freely,
 * modulo 2^32.
 *
 * To submit, the guest stores the entry, then entry_tail, then (after a full barrier) looks at needs_kick,
 * and rings when it is not 0. An entry's slot, and the buffer of a write, are the guest's again when
 * entry_head has passed them. A write has no commit. A read has one at once: RESULT_AGAIN when there is no
 * frame.
 *
 * With BOOT_FEATURE_NET_POSTED, which is ours and which a guest asks for in its kit note, a guest need not
 * ring at all and need not exit for each frame:
 *
 *   RING_NET_POST   is a read that waits. The buffer is the monitor's until its commit comes: RESULT_OK with
 *                   a frame, or RESULT_AGAIN if the monitor hands it back for a reason of its own, and the
 *                   guest may post it again. Frames go into a device's buffers in the order in which they
 *                   were posted.
 *   polls           serve everything that was submitted before, with or without a ring of the bell, and do
 *                   not wait while there are commits that the guest has not taken (commit_head). A frame that
 *                   ends the wait is in a posted buffer already, if there is one.
 *   is_receiving    is not 0 while frames go into posted buffers as they come, without being asked for: a
 *                   guest that expects one very soon may look at commit_tail for a moment before it polls.
 *                   No promise: it may be over by then, and only a poll waits for certain.
 */
#ifndef ABI_RING_H
#define ABI_RING_H

#include "abi/guest_ptr.h"

#include <stddef.h>
#include <stdint.h>

#define RING_SLOTS     1024
#define RING_MASK      (RING_SLOTS - 1)
#define RING_BUF_BYTES 2048 /* room for one frame */

/* Solo5's count up from 1, ours down from the greatest. */
enum ring_operation { RING_NET_WRITE = 1, RING_NET_READ = 2 };
#define RING_NET_POST 0xffffffffu

struct ring_entry {
    uint32_t operation;
    uint32_t handle;
    GUEST_PTR(const void *) data;
    uint32_t len;
    uint32_t id; /* the guest's; handed back in the commit */
    uint64_t reserved;
};

struct ring_commit {
    uint32_t id;
    int32_t ret;
    uint32_t len;
    uint32_t reserved;
};

struct ring {
    /* written by the guest only */
    volatile uint32_t entry_tail;
    volatile uint32_t commit_head;
    uint8_t pad0[56];
    /* written by the monitor only */
    volatile uint32_t entry_head;
    volatile uint32_t commit_tail;
    volatile uint32_t needs_kick;
    volatile uint32_t is_receiving; /* with BOOT_FEATURE_NET_POSTED, see above; else 0 */
    uint8_t pad1[48];

    struct ring_entry entries[RING_SLOTS];
    struct ring_commit commits[RING_SLOTS];
};
_Static_assert(sizeof(struct ring_entry) == 32, "layout");
_Static_assert(sizeof(struct ring_commit) == 16, "layout");
_Static_assert(offsetof(struct ring, entry_head) == 64, "layout");
_Static_assert(offsetof(struct ring, entries) == 128, "layout");

#endif
