/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    (void)info;
    volatile struct hc_walltime before, after;
    volatile struct hc_poll poll = {.timeout_nsecs = 50000000, .ready_set = 7, .ret = 7};

    hypercall(HYPERCALL_WALLTIME, &before);
    hypercall(HYPERCALL_POLL, &poll);
    hypercall(HYPERCALL_WALLTIME, &after);
    if (poll.ret != 0 || poll.ready_set != 0)
        return 1;
    return after.nsecs - before.nsecs >= 50000000 ? 0 : 2;
}
