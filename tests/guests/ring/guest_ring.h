/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring as these guests use it, which is Solo5's way unless a guest is meant to break it. The device is
 * the manifest's entry 1.
 */
#ifndef GUEST_RING_H
#define GUEST_RING_H

#include "abi/ring.h"
#include "guest.h"

#include <stdbool.h>

#define NET_HANDLE   1
#define FRAME_BYTES  2048
#define EXIT_NO_RING 70

static inline struct ring *ring_of(const struct boot_info *info)
{
    if ((info->host_features & BOOT_FEATURE_NET_RING) == 0)
        return NULL;
    return (struct ring *)info->net_ring;
}

/* Fills in the next entry and publishes it. */
static inline void ring_put(struct ring *ring, uint32_t operation, const void *data, uint32_t len)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = (struct ring_entry){
        .operation = operation, .handle = NET_HANDLE, .data = data, .len = len, .id = tail};
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

static inline void ring_bell(struct ring *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ring->needs_kick != 0)
        out32(DOORBELL_PORT, 0);
}

static inline void ring_submit(struct ring *ring, uint32_t operation, const void *data, uint32_t len)
{
    while (ring->entry_tail - ring->entry_head >= RING_SLOTS - 1)
        __builtin_ia32_pause();
    ring_put(ring, operation, data, len);
    ring_bell(ring);
}

static inline struct ring_commit ring_take(struct ring *ring)
{
    while (__atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) == ring->commit_head)
        __builtin_ia32_pause();
    struct ring_commit commit = ring->commits[ring->commit_head & RING_MASK];
    ring->commit_head = ring->commit_head + 1;
    return commit;
}

/* Whether the host takes posted buffers. */
static inline bool ring_can_post(const struct boot_info *info)
{
    return (info->host_features & BOOT_FEATURE_NET_POSTED) != 0;
}

/* Waits until everything that was submitted has been taken. */
static inline void ring_wait(const struct ring *ring)
{
    while (ring->entry_head != ring->entry_tail)
        __builtin_ia32_pause();
}

/* Waits for a frame and returns its length; 0 when what comes back is no answer to what was asked. */
static inline uint32_t ring_receive(struct ring *ring, void *frame)
{
    for (;;) {
        uint32_t id = ring->entry_tail;
        ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
        struct ring_commit commit = ring_take(ring);
        if (commit.id != id || (commit.ret != RESULT_OK && commit.ret != RESULT_AGAIN))
            return 0;
        if (commit.ret == RESULT_OK)
            return commit.len;
        static volatile struct hc_poll poll;
        poll.timeout_nsecs = 1000000000;
        hypercall(HYPERCALL_POLL, &poll);
    }
}

#endif
