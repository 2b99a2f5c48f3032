/* SPDX-License-Identifier: Apache-2.0 */
/* Entries with unknown operations and handles are passed over; a read says so. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    for (uint32_t i = 0; i < 64; i++) {
        ring_put(ring, 3 + i * 77, (const void *)UINT64_MAX, UINT32_MAX);
        ring->entries[ring->entry_tail & RING_MASK].handle = 0;
    }
    ring_bell(ring);
    ring_wait(ring);
    uint32_t slot = ring->entry_tail & RING_MASK;
    ring->entries[slot] = (struct ring_entry){.operation = RING_NET_READ,
                                              .handle = 63,
                                              .data = (const void *)UINT64_MAX,
                                              .len = UINT32_MAX,
                                              .id = 5};
    __atomic_store_n(&ring->entry_tail, ring->entry_tail + 1, __ATOMIC_RELEASE);
    ring_bell(ring);
    struct ring_commit commit = ring_take(ring);
    return commit.id == 5 && commit.ret == RESULT_EINVAL && commit.len == 0 ? 0 : 1;
}
