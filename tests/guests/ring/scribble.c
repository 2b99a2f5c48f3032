/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes nonsense all over the ring while the monitor serves it: entries while they are read, the monitor's
 * own words, addresses that are right now and wrong the next moment. At last it asks for too much, so that it
 * is stopped at the latest then.
 */
#include "guest_ring.h"

static unsigned char frame[FRAME_BYTES];

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint64_t random = 1;

    if (ring == NULL)
        return EXIT_NO_RING;
    for (uint32_t i = 0; i < 3000000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        struct ring_entry *entry = &ring->entries[i % 4];
        entry->operation = 1 + i % 3;
        entry->handle = NET_HANDLE;
        entry->len = 64;
        entry->data = frame;
        if (i == 2999999)
            entry->data = (const void *)(random | 0x8000000000000000u);
        ring->entry_head = (uint32_t)random;
        ring->commit_tail = (uint32_t)(random >> 32);
        ring->needs_kick = (uint32_t)(random >> 20) & 1;
        if (i % 1000 == 0) {
            ring->entry_tail = ring->entry_tail + 4;
            out32(DOORBELL_PORT, i);
        }
    }
    ring->entry_tail = ring->entry_tail + RING_SLOTS + 1;
    out32(DOORBELL_PORT, 0);
    return 0;
}
