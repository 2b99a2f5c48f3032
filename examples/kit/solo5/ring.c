/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames to send are copied into buffers of the ring's own, so that nobody has to wait for them. There are
 * fewer buffers than slots: as many as keep the host busy while this side fills more.
 *
 * A host that is at it serves without being rung. One that is not is rung by an exit, which is dear, and a
 * program that answers what it has received will yield soon, which serves as well. So lazy frames ring only
 * when there are many, so that the first ones do not wait for too long.
 */
#include "kit/solo5/ring.h"

#include "kit/crt/boot.h"
#include "kit/solo5/hypercall.h"

#include <string.h>

#define WRITE_BUFFERS 128u
#define LAZY_MAX      32u
_Static_assert(WRITE_BUFFERS + RING_POSTS_MAX < RING_SLOTS, "there is always a free slot");

/*
 * How long to wait for a commit by looking: never longer than an exit takes where it is dear, and not much
 * longer than it took the last times. A wait that ended without one is followed by polls without looking,
 * each time twice as many, up to the most.
 */
#define LOOK_MIN_NS     20000u
#define LOOK_MAX_NS     100000u
#define BLIND_POLLS_MAX 64u

/* Far longer than an answer takes from a host that is running. */
#define SPINS_MAX 20000u

static uint8_t write_buffers[WRITE_BUFFERS][RING_BUF_BYTES];
static uint32_t write_ends[WRITE_BUFFERS]; /* where entry_head is when the buffer is free again */
static uint32_t n_writes;
static uint32_t last_write_end;
static bool is_answering;

struct ring *ring_find(void)
{
    return (boot_info->host_features & BOOT_FEATURE_NET_RING) != 0 ? (struct ring *)boot_info->net_ring
                                                                   : NULL;
}

bool ring_can_post(void)
{
    return (boot_info->host_features & BOOT_FEATURE_NET_POSTED) != 0;
}

static void submit(struct ring *ring, const struct ring_entry *entry)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = *entry;
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

static void ring_bell(const struct ring *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ring->needs_kick != 0)
        __asm__ volatile("outl %0, %1" : : "a"(0), "d"((uint16_t)DOORBELL_PORT) : "memory");
}

/* Lets the host work. One that takes long has no CPU to do so: then this one is lent to it, by an exit. */
static void wait_a_moment(unsigned *spins)
{
    static struct hc_poll call;

    __builtin_ia32_pause();
    if (++*spins < SPINS_MAX)
        return;
    *spins = 0;
    call.timeout_nsecs = 0;
    hypercall(HYPERCALL_POLL, &call);
}

static void wait_for_buffer(const struct ring *ring, uint32_t end)
{
    unsigned spins = 0;
    if ((int32_t)(__atomic_load_n(&ring->entry_head, __ATOMIC_ACQUIRE) - end) >= 0)
        return;
    ring_bell(ring);
    while ((int32_t)(__atomic_load_n(&ring->entry_head, __ATOMIC_ACQUIRE) - end) < 0)
        wait_a_moment(&spins);
}

void ring_write(struct ring *ring, solo5_handle_t handle, const uint8_t *frame, size_t size, bool is_lazy)
{
    uint32_t i = n_writes++ % WRITE_BUFFERS;
    if (n_writes > WRITE_BUFFERS)
        wait_for_buffer(ring, write_ends[i]);
    memcpy(write_buffers[i], frame, size);
    submit(ring, &(struct ring_entry){.operation = RING_NET_WRITE,
                                      .handle = (uint32_t)handle,
                                      .data = write_buffers[i],
                                      .len = (uint32_t)size});
    write_ends[i] = last_write_end = ring->entry_tail;
    if (!is_lazy || !ring_can_post() || ring->entry_tail - ring->entry_head >= LAZY_MAX)
        ring_bell(ring);
}

/* The next commit, or NULL. It is taken by advancing commit_head. */
static const struct ring_commit *next_commit(const struct ring *ring)
{
    uint32_t head = ring->commit_head;
    if (__atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) == head)
        return NULL;
    return &ring->commits[head & RING_MASK];
}

static void advance(struct ring *ring)
{
    __atomic_store_n(&ring->commit_head, ring->commit_head + 1, __ATOMIC_RELEASE);
}

solo5_result_t ring_read(struct ring *ring, solo5_handle_t handle, uint8_t *buf, size_t size,
                         size_t *read_size)
{
    const struct ring_commit *commit;
    unsigned spins = 0;

    submit(ring, &(struct ring_entry){.operation = RING_NET_READ,
                                      .handle = (uint32_t)handle,
                                      .data = buf,
                                      .len = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX});
    ring_bell(ring);
    while ((commit = next_commit(ring)) == NULL)
        wait_a_moment(&spins);
    solo5_result_t result = (solo5_result_t)commit->ret;
    *read_size = commit->len;
    advance(ring);
    return result;
}

void ring_post(struct ring *ring, solo5_handle_t handle, void *buf, size_t size, uint32_t id)
{
    submit(ring, &(struct ring_entry){.operation = RING_NET_POST,
                                      .handle = (uint32_t)handle,
                                      .data = buf,
                                      .len = (uint32_t)size,
                                      .id = id});
}

bool ring_take(struct ring *ring, uint32_t *id, size_t *size)
{
    const struct ring_commit *commit = next_commit(ring);
    if (commit == NULL)
        return false;
    *id = commit->id;
    *size = commit->ret == RESULT_OK ? commit->len : 0;
    advance(ring);
    is_answering = true;
    return true;
}

/* Everything that was written has been taken, or the host is at it. */
static bool is_written(const struct ring *ring)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return ring->needs_kick == 0 ||
           (int32_t)(__atomic_load_n(&ring->entry_head, __ATOMIC_ACQUIRE) - last_write_end) >= 0;
}

/* Looks for a commit until the time is over, and only for a moment if the host is not at it. Returns how long
 * it took, or 0 when there was none. */
static solo5_time_t look_for_commit(const struct ring *ring, solo5_time_t longest)
{
    solo5_time_t start = solo5_clock_monotonic(), passed = 1;

    while (next_commit(ring) == NULL) {
        if (passed > longest || (passed > LOOK_MIN_NS && !is_written(ring)))
            return 0;
        __builtin_ia32_pause();
        passed = solo5_clock_monotonic() - start;
    }
    return passed;
}

bool ring_wait_for_commit(const struct ring *ring, solo5_time_t longest)
{
    static unsigned n_blind, n_blind_next;
    static solo5_time_t usual = LOOK_MAX_NS / 4;

    if (ring->is_receiving == 0) {
        n_blind = 0;
        return false;
    }
    if (n_blind > 0) {
        n_blind--;
        return false;
    }
    solo5_time_t look = LOOK_MIN_NS + 3 * usual;
    look = look < LOOK_MAX_NS ? look : LOOK_MAX_NS;
    solo5_time_t passed = look_for_commit(ring, longest < look ? longest : look);
    if (passed > 0) {
        usual = (7 * usual + passed) / 8;
        n_blind_next = 0;
        return true;
    }
    n_blind = n_blind_next;
    n_blind_next = n_blind_next < BLIND_POLLS_MAX ? 2 * n_blind_next + 1 : BLIND_POLLS_MAX;
    return false;
}

void ring_note_yield(void)
{
    is_answering = false;
}

bool ring_is_answering(void)
{
    return is_answering;
}
