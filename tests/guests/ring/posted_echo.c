/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends every frame back until an empty one (one byte) ends it, with posted buffers and without ever ringing:
 * its polls are its only exits. Every other time it looks for commits a while before it polls.
 */
#include "guest_ring.h"

#define BUFFERS 32

static unsigned char buffers[BUFFERS][FRAME_BYTES];
static volatile struct hc_poll poll;

static void post(struct ring *ring, uint32_t i)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = (struct ring_entry){
        .operation = RING_NET_POST, .handle = NET_HANDLE, .data = buffers[i], .len = FRAME_BYTES, .id = i};
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

static bool has_commit(const struct ring *ring)
{
    return __atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) != ring->commit_head;
}

static void wait_for_commit(struct ring *ring, unsigned n)
{
    for (unsigned spins = 0; n % 2 != 0 && spins < 2000 && !has_commit(ring); spins++)
        __builtin_ia32_pause();
    while (!has_commit(ring)) {
        poll.timeout_nsecs = 10000000000;
        hypercall(HYPERCALL_POLL, &poll);
    }
}

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);

    if (ring == NULL || !ring_can_post(info))
        return EXIT_NO_RING;
    for (uint32_t i = 0; i < BUFFERS; i++)
        post(ring, i);
    for (unsigned n = 0;; n++) {
        wait_for_commit(ring, n);
        struct ring_commit commit = ring_take(ring);
        if (commit.ret != RESULT_OK || commit.id >= BUFFERS)
            return 1;
        if (commit.len <= 1)
            return commit.len == 1 ? 0 : 1;
        ring_put(ring, RING_NET_WRITE, buffers[commit.id], commit.len);
        /* Entries are taken in order: the frame has been sent when the buffer is filled anew. */
        post(ring, commit.id);
    }
}
