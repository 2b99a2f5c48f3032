/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends every frame back, and ends when it has had many in a row without a poll: the monitor has called its
 * other thread, which says that it receives by itself and then sends and receives without an exit.
 */
#include "guest_ring.h"

#define BUFFERS   8
#define SECONDS   20
#define IN_A_ROW  200
#define EXIT_LATE 75

static unsigned char buffers[BUFFERS][FRAME_BYTES];
static volatile struct hc_poll poll;

static bool has_commit(const struct ring *ring)
{
    return __atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) != ring->commit_head;
}

/* Returns whether a frame came without a poll. */
static bool wait_for_commit(struct ring *ring, uint64_t patience)
{
    uint64_t start = __builtin_ia32_rdtsc();
    while (ring->is_receiving != 0 && !has_commit(ring) && __builtin_ia32_rdtsc() - start < patience)
        __builtin_ia32_pause();
    if (has_commit(ring))
        return true;
    while (!has_commit(ring)) {
        poll.timeout_nsecs = 10000000000;
        hypercall(HYPERCALL_POLL, &poll);
    }
    return false;
}

static void post(struct ring *ring, uint32_t i)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = (struct ring_entry){
        .operation = RING_NET_POST, .handle = NET_HANDLE, .data = buffers[i], .len = FRAME_BYTES, .id = i};
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint64_t end = __builtin_ia32_rdtsc() + SECONDS * info->cpu_cycle_freq;
    unsigned n = 0;

    if (ring == NULL || !ring_can_post(info))
        return EXIT_NO_RING;
    for (uint32_t i = 0; i < BUFFERS; i++)
        post(ring, i);
    while (n < IN_A_ROW) {
        n = wait_for_commit(ring, info->cpu_cycle_freq / 1000) ? n + 1 : 0;
        struct ring_commit commit = ring_take(ring);
        if (commit.ret != RESULT_OK || commit.id >= BUFFERS)
            return 1;
        ring_put(ring, RING_NET_WRITE, buffers[commit.id], commit.len);
        post(ring, commit.id);
        if (__builtin_ia32_rdtsc() > end)
            return EXIT_LATE;
    }
    return 0;
}
