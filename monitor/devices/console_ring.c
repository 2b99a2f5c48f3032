/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the guest stores bytes and then tail; tail is loaded first here, then the bytes. That nobody
 * watches any more is Dekker's handshake: the guest stores tail and then looks at is_watched, the monitor
 * stores is_watched and then looks at tail, each with a full barrier in between, so one of them sees the
 * other.
 */
#include "console_ring.h"

#include <string.h>

static uint64_t count(const struct console_ring *ring, uint64_t head)
{
    return __atomic_load_n(&ring->shared->tail, __ATOMIC_ACQUIRE) - head;
}

bool console_ring_has_more(const struct console_ring *ring)
{
    return ring->shared != NULL && count(ring, atomic_load_explicit(&ring->head, memory_order_acquire)) != 0;
}

/* The first bytes up to their last newline, if there is one. */
static size_t cut_to_lines(const char *bytes, size_t size)
{
    const char *newline = memrchr(bytes, '\n', size);
    return newline != NULL ? (size_t)(newline - bytes) + 1 : size;
}

size_t console_ring_peek(const struct console_ring *ring, char *out, size_t size)
{
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    const uint64_t n = count(ring, head);

    if (n > GRAFT_CONSOLE_BYTES)
        return SIZE_MAX;
    if (n < size)
        size = (size_t)n;
    const size_t at = (size_t)(head % GRAFT_CONSOLE_BYTES), to_end = GRAFT_CONSOLE_BYTES - at;
    const size_t first = size < to_end ? size : to_end;
    memcpy(out, ring->shared->bytes + at, first);
    memcpy(out + first, ring->shared->bytes, size - first);
    return size < n ? cut_to_lines(out, size) : size;
}

void console_ring_drop(struct console_ring *ring, size_t size)
{
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed) + size;

    __atomic_store_n(&ring->shared->head, head, __ATOMIC_RELEASE);
    atomic_store_explicit(&ring->head, head, memory_order_release);
}

void console_ring_watch(struct console_ring *ring, bool is_watched)
{
    __atomic_store_n(&ring->shared->is_watched, is_watched ? 1 : 0, __ATOMIC_SEQ_CST);
    atomic_thread_fence(memory_order_seq_cst);
}
