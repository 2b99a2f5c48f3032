/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for packets. The timeout has nanoseconds, so this is ppoll(2) and neither poll(2) nor epoll.
 *
 * The guest stands still meanwhile, so this thread has the ring to itself: it does what was submitted without
 * ringing, and what arrives goes straight into posted buffers. Otherwise each of these would cost the guest
 * an exit of its own.
 */
#include "hypercall.h"

#include <poll.h>

/* Waits, and returns the devices that have packets. */
static uint64_t wait_for_packets(struct poll_set *polls, uint64_t timeout_nsecs)
{
    struct timespec timeout = {.tv_sec = (time_t)(timeout_nsecs / 1000000000u),
                               .tv_nsec = (long)(timeout_nsecs % 1000000000u)};
    uint64_t ready = 0;

    if (ppoll(polls->fds, polls->n_fds, &timeout, NULL) <= 0)
        return 0;
    for (nfds_t i = 0; i < polls->n_fds; i++) {
        if ((polls->fds[i].revents & POLLIN) != 0)
            ready |= 1ull << polls->handles[i];
        else if (polls->fds[i].revents != 0)
            /* The interface is gone. ppoll(2) skips negative descriptors, so the next wait is one again. */
            polls->fds[i].fd = -1;
    }
    return ready;
}

/* The same, under the ring's lock. */
static uint64_t wait_with_ring(struct guest *guest, uint64_t timeout_nsecs)
{
    uint64_t ready = ring_receive(guest);

    if (ready == 0) {
        ready = wait_for_packets(&guest->polls, ring_has_commits(&guest->ring) ? 0 : timeout_nsecs);
        if (ready != 0)
            (void)ring_receive(guest);
    }
    return ready;
}

enum hypercall_verdict dev_poll_poll(struct guest *guest, void *args)
{
    struct hc_poll *call = args;

    if (guest->ring.shared == NULL) {
        call->ready_set = wait_for_packets(&guest->polls, call->timeout_nsecs);
    } else {
        if (ring_lock(guest) == RING_BREACH)
            return hypercall_breach(guest, "%s", guest->ring.breach);
        call->ready_set = wait_with_ring(guest, call->timeout_nsecs);
        ring_unlock(&guest->ring);
    }
    call->ret = __builtin_popcountll(call->ready_set);
    return HYPERCALL_DONE;
}
