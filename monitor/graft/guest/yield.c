/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for frames. Those in buffers are there already. While the monitor receives as frames come, one that
 * comes very soon is waited for by looking, which spares an exit: never for longer than an exit takes where
 * it is dear, and not much longer than it took the last times. A wait that ended without one is followed by
 * polls without looking, each time twice as many, up to the most.
 */
#include "frames.h"

void graft_yield(uint64_t deadline, uint64_t *ready_set);
void graft_call_poll(volatile struct hc_poll *call);

#define LOOK_MIN_US     20u
#define LOOK_MAX_US     100u
#define BLIND_POLLS_MAX 64u

/* Everything that was written has been taken, or the monitor is at it. */
INLINE bool is_written(const struct graft_net *net)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return net->ring->needs_kick == 0 || (int32_t)(__atomic_load_n(&net->ring->entry_head, __ATOMIC_ACQUIRE) -
                                                   net->frames->last_write_end) >= 0;
}

/* Looks until the time is over, and only for a moment if the monitor is not at it. Returns how long it took,
 * in ticks, or 0 when there was nothing. */
INLINE uint64_t look(const struct graft_net *net, uint64_t longest)
{
    const uint64_t start = ticks_now(), least = (uint64_t)LOOK_MIN_US * net->ticks_per_us;
    uint64_t passed = 1;

    while (!has_commits(net->ring)) {
        if (passed > longest || (passed > least && !is_written(net)))
            return 0;
        __builtin_ia32_pause();
        passed = ticks_now() - start;
    }
    return passed;
}

INLINE uint64_t min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whether something has come. Returns false when only a poll can tell. */
INLINE bool wait_by_looking(const struct graft_net *net, uint64_t timeout_nsecs)
{
    struct graft_frames *frames = net->frames;
    const uint64_t us = net->ticks_per_us;

    if (net->ring->is_receiving == 0) {
        frames->n_blind = 0;
        return false;
    }
    if (timeout_nsecs == 0)
        return false;
    if (frames->n_blind > 0) {
        frames->n_blind--;
        return false;
    }
    const uint64_t longest = min(timeout_nsecs / 1000, LOOK_MAX_US) * us;
    const uint64_t passed = look(net, min(longest, LOOK_MIN_US * us + 3 * frames->usual_wait));
    if (passed > 0) {
        frames->usual_wait = (7 * frames->usual_wait + passed) / 8;
        frames->n_blind_next = 0;
        return true;
    }
    frames->n_blind = frames->n_blind_next;
    frames->n_blind_next = (uint32_t)min(2 * frames->n_blind_next + 1, BLIND_POLLS_MAX);
    return false;
}

INLINE uint64_t time_until(const struct graft_net *net, uint64_t deadline)
{
    const uint64_t now = net->clock();
    return deadline > now ? deadline - now : 0;
}

static uint64_t wait_for_frames(const struct graft_net *net, uint64_t timeout_nsecs)
{
    uint64_t ready = 0;

    start_receiving(net);
    take_commits(net);
    if (net->frames->ready != 0) {
        /* Whoever does not read from one device must see the others' frames. */
        if (net->frames->ready != net->devices && !is_known(net))
            ready = ask(net, 0);
        take_commits(net);
        return ready | net->frames->ready;
    }
    if (!wait_by_looking(net, timeout_nsecs))
        ready = ask(net, timeout_nsecs);
    take_commits(net);
    return ready | net->frames->ready;
}

INLINE uint64_t wait_by_hypercall(uint64_t timeout_nsecs)
{
    volatile struct hc_poll call = {.timeout_nsecs = timeout_nsecs};

    hypercall(HYPERCALL_POLL, &call);
    return call.ready_set;
}

void graft_yield(uint64_t deadline, uint64_t *ready_set)
{
    const struct graft_net *net = net_table();
    const uint64_t timeout_nsecs = time_until(net, deadline);
    const uint64_t ready =
        net->devices != 0 ? wait_for_frames(net, timeout_nsecs) : wait_by_hypercall(timeout_nsecs);

    if (ready_set != NULL)
        *ready_set = ready;
}

void graft_call_poll(volatile struct hc_poll *call)
{
    const struct graft_net *net = net_table();

    if (net->devices == 0) {
        hypercall(HYPERCALL_POLL, call);
        return;
    }
    const uint64_t ready = wait_for_frames(net, call->timeout_nsecs);
    int32_t n = 0;
    for (uint64_t left = ready; left != 0; left &= left - 1)
        n++;
    call->ready_set = ready;
    call->ret = n;
}
