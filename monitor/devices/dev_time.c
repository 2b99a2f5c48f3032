/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock. Monotonic time is the guest's own, from its time-stamp counter. */
#include "hypercall.h"

#include <time.h>

enum hypercall_verdict dev_time_walltime(struct guest *guest, void *args)
{
    struct hc_walltime *call = args;
    struct timespec now;

    (void)guest;
    clock_gettime(CLOCK_REALTIME, &now);
    call->nsecs = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return HYPERCALL_DONE;
}
