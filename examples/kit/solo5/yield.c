/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/hypercall.h"
#include "kit/solo5/received.h"
#include "kit/solo5/ring.h"
#include "solo5.h"

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    static struct hc_poll call;
    solo5_handle_set_t ready = received_ready();

    /* Frames that are there already need no host. */
    if (ready == 0) {
        solo5_time_t now = solo5_clock_monotonic();
        call = (struct hc_poll){.timeout_nsecs = deadline > now ? deadline - now : 0};
        hypercall(HYPERCALL_POLL, &call);
        ready = call.ready_set | received_ready();
        ring_note_yield();
    }
    if (ready_set != NULL)
        *ready_set = ready;
}
