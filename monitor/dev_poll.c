/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for packets. The timeout has nanoseconds, so this is ppoll(2) and neither poll(2) nor epoll. */
#include "hypercall.h"

#include <poll.h>

enum hypercall_verdict dev_poll_poll(struct guest *guest, void *args)
{
    struct hc_poll *call = args;
    struct poll_set *polls = &guest->polls;
    struct timespec timeout = {.tv_sec = (time_t)(call->timeout_nsecs / 1000000000u),
                               .tv_nsec = (long)(call->timeout_nsecs % 1000000000u)};

    call->ready_set = 0;
    call->ret = 0;
    if (ppoll(polls->fds, polls->n_fds, &timeout, NULL) <= 0)
        return HYPERCALL_DONE;

    for (nfds_t i = 0; i < polls->n_fds; i++) {
        if ((polls->fds[i].revents & POLLIN) != 0) {
            call->ready_set |= 1ull << polls->handles[i];
            call->ret++;
        } else if (polls->fds[i].revents != 0) {
            /* The interface is gone. ppoll(2) skips negative descriptors, so the next wait is one again. */
            polls->fds[i].fd = -1;
        }
    }
    return HYPERCALL_DONE;
}
