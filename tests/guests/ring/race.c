/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes entries and the monitor's words while the monitor's other thread is serving them. First nothing of
 * it is forbidden: it says so when the thread has taken many entries, all without an exit. Then an address is
 * now its own and now nobody's, and it does not come back from that.
 */
#include "guest_ring.h"

#define SECONDS   20
#define ENTRIES   20000u
#define EXIT_LATE 75

static unsigned char frame[FRAME_BYTES];
static uint64_t end;

/* Rings until the other thread has been called. Returns false when it never is. */
static bool call_thread(struct ring *ring)
{
    while (ring->needs_kick != 0) {
        ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
        ring_wait(ring);
        if (__builtin_ia32_rdtsc() > end)
            return false;
    }
    return true;
}

/* Changes the next entries, submits some of them, and changes them again. Returns how many of them are new.
 */
static uint32_t race(struct ring *ring, uint32_t n, const void *address)
{
    uint32_t tail = ring->entry_tail, fresh = tail - ring->entry_head < RING_SLOTS / 2 ? n % 8 : 0;

    for (uint32_t i = 0; i < 8; i++) {
        struct ring_entry *entry = &ring->entries[(tail + i) & RING_MASK];
        entry->operation = (n + i) % 4;
        entry->handle = n % 5 != 0 ? NET_HANDLE : n;
        entry->data = frame;
        entry->len = n % FRAME_BYTES;
    }
    __atomic_store_n(&ring->entry_tail, tail + fresh, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < 8; i++) {
        struct ring_entry *entry = &ring->entries[(tail + i) & RING_MASK];
        entry->data = address;
        entry->len = n % 7;
        entry->operation = n % 3;
    }
    ring->commit_tail = n * 77;
    ring->commit_head = n;
    ring->is_receiving = n;
    return fresh;
}

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint32_t n_raced = 0;

    if (ring == NULL)
        return EXIT_NO_RING;
    end = __builtin_ia32_rdtsc() + SECONDS * info->cpu_cycle_freq;
    for (uint32_t n = 0; n_raced < ENTRIES; n++) {
        if (ring->needs_kick != 0 && !call_thread(ring))
            return EXIT_LATE;
        n_raced += race(ring, n, frame + 1);
    }
    print("raced\n");
    for (uint32_t n = 0;; n++) {
        if (ring->needs_kick != 0 && !call_thread(ring))
            return EXIT_LATE;
        (void)race(ring, n, (const void *)~(uintptr_t)n);
    }
}
