/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/hypercall.h"
#include "solo5.h"

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    static struct hc_poll call;
    solo5_time_t now = solo5_clock_monotonic();
    call = (struct hc_poll){.timeout_nsecs = deadline > now ? deadline - now : 0};
    hypercall(HYPERCALL_POLL, &call);
    if (ready_set != NULL)
        *ready_set = call.ready_set;
}
