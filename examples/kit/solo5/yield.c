/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/hypercall.h"
#include "kit/solo5/received.h"
#include "kit/solo5/ring.h"
#include "solo5.h"

static solo5_time_t time_until(solo5_time_t deadline)
{
    solo5_time_t now = solo5_clock_monotonic();
    return deadline > now ? deadline - now : 0;
}

static solo5_handle_set_t poll(solo5_time_t deadline)
{
    static struct hc_poll call;

    call = (struct hc_poll){.timeout_nsecs = time_until(deadline)};
    hypercall(HYPERCALL_POLL, &call);
    return call.ready_set;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    const struct ring *ring = ring_find();
    solo5_handle_set_t ready = received_ready();

    /* Frames that are there already, or will be in a moment, need no host. */
    if (ready == 0) {
        if (ring == NULL || !ring_can_post() || !ring_wait_for_commit(ring, time_until(deadline)))
            ready = poll(deadline);
        ready |= received_ready();
        ring_note_yield();
    }
    if (ready_set != NULL)
        *ready_set = ready;
}
