/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network ring (abi/ring.h) as the functions of the network use it: frames are sent from buffers of
 * their own, and received into buffers that are posted for each device. What is said of a frame that has come
 * is kept in a queue for its device, as the ring answers for all devices in one.
 *
 * Nothing here touches memory of the caller's, so nothing here can be interrupted by an exception that the
 * guest survives.
 */
#ifndef GRAFT_FRAMES_H
#define GRAFT_FRAMES_H

#include "abi/ring.h"
#include "copy.h"
#include "hypercall.h"

#include <stdbool.h>

/* Far longer than an answer takes from a monitor that is running. */
#define SPINS_MAX 20000u

/* For so long it is believed that what was not there a moment ago is not there. */
#define KNOWN_MAX_US 1000u

/* How long it takes until a frame comes, before anything is known of that (yield.c). */
#define USUAL_WAIT_US 25u

INLINE const struct graft_net *net_table(void)
{
    return &graft_table()->net;
}

INLINE uint64_t ticks_now(void)
{
    uint32_t low, high;
    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* A buffer is the guest's own memory, the whole of it. Anything else is for the hypercall to refuse. */
INLINE bool is_in_memory(const struct graft_net *net, const unsigned char *buf, size_t size)
{
    const uint64_t start = (uint64_t)(uintptr_t)buf;
    return start < net->mem_size && size <= net->mem_size - start;
}

INLINE bool has_device(const struct graft_net *net, uint64_t handle)
{
    return handle < MANIFEST_ENTRIES_MAX && (net->devices >> handle & 1) != 0;
}

INLINE unsigned char *buffer_at(const struct graft_net *net, uint32_t number)
{
    return net->frames->buffers + (uint64_t)number * net->buffer_bytes;
}

INLINE void submit(struct ring *ring, const struct ring_entry *entry)
{
    const uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = *entry;
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

INLINE void post(const struct graft_net *net, uint32_t number)
{
    submit(net->ring, &(struct ring_entry){.operation = RING_NET_POST,
                                           .handle = net->frames->handles[number],
                                           .data = buffer_at(net, number),
                                           .len = net->buffer_bytes,
                                           .id = number});
}

/* Posts all buffers, the first time. Nobody is told: the next poll sees to them. */
INLINE void start_receiving(const struct graft_net *net)
{
    uint32_t number = net->n_writes;

    if (net->frames->is_started != 0)
        return;
    net->frames->is_started = 1;
    net->frames->usual_wait = (uint64_t)USUAL_WAIT_US * net->ticks_per_us;
    for (uint64_t left = net->devices; left != 0; left &= left - 1)
        for (uint32_t i = 0; i < net->n_posts; i++, number++) {
            net->frames->handles[number] = (uint8_t)__builtin_ctzll(left);
            post(net, number);
        }
}

INLINE void note_known(const struct graft_net *net)
{
    net->frames->asked = net->devices;
    net->frames->known_at = ticks_now();
}

/* Whether what was found then holds. */
INLINE bool is_known(const struct graft_net *net)
{
    return ticks_now() - net->frames->known_at < (uint64_t)KNOWN_MAX_US * net->ticks_per_us;
}

/* Polls: everything that was submitted is done when this returns. */
INLINE uint64_t ask(const struct graft_net *net, uint64_t timeout_nsecs)
{
    volatile struct hc_poll call = {.timeout_nsecs = timeout_nsecs};

    hypercall(HYPERCALL_POLL, &call);
    note_known(net);
    return call.ready_set;
}

INLINE void add_to_queue(struct graft_frames *frames, uint32_t number)
{
    const uint8_t handle = frames->handles[number];
    struct graft_queue *queue = &frames->queues[handle];

    frames->next[number] = 0;
    if (queue->first == 0)
        queue->first = (uint16_t)(number + 1);
    else
        frames->next[queue->last - 1] = (uint16_t)(number + 1);
    queue->last = (uint16_t)(number + 1);
    frames->ready |= 1ull << handle;
}

INLINE void remove_first(struct graft_frames *frames, uint64_t handle)
{
    struct graft_queue *queue = &frames->queues[handle];

    queue->first = frames->next[queue->first - 1];
    if (queue->first == 0)
        frames->ready &= ~(1ull << handle);
}

INLINE bool has_commits(const struct ring *ring)
{
    return __atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) != ring->commit_head;
}

/* Takes what has come. */
INLINE void take_commits(const struct graft_net *net)
{
    struct ring *ring = net->ring;

    if (!has_commits(ring))
        return;
    do {
        const struct ring_commit *commit = &ring->commits[ring->commit_head & RING_MASK];
        const uint32_t number = commit->id;
        if (commit->ret == RESULT_OK) {
            net->frames->lens[number] = commit->len;
            add_to_queue(net->frames, number);
        } else {
            post(net, number);
        }
        __atomic_store_n(&ring->commit_head, ring->commit_head + 1, __ATOMIC_RELEASE);
    } while (has_commits(ring));
    note_known(net);
}

#endif
