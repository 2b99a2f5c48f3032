/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends FRAMES numbered frames as fast as the ring takes them, so that it is full most of the time, then asks
 * for answers into every slot at once. Waits for a word from the other side after each round, which cannot be
 * lost then.
 */
#include "guest_ring.h"

#define ROUNDS 20

static uint32_t numbers[RING_SLOTS];
static unsigned char frame[FRAME_BYTES];

static bool fill_with_reads(struct ring *ring)
{
    ring_wait(ring);
    uint32_t first = ring->entry_tail;
    for (unsigned i = 0; i < RING_SLOTS; i++)
        ring_put(ring, RING_NET_READ, frame, FRAME_BYTES);
    ring_bell(ring);
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        struct ring_commit commit = ring_take(ring);
        if (commit.id != first + i || commit.ret != RESULT_AGAIN || commit.len != 0)
            return false;
    }
    return true;
}

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint32_t number = 0;

    if (ring == NULL)
        return EXIT_NO_RING;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < RING_SLOTS; i++) {
            numbers[i] = number++;
            ring_submit(ring, RING_NET_WRITE, &numbers[i], sizeof(numbers[i]));
        }
        if (ring_receive(ring, frame) != 1 || !fill_with_reads(ring))
            return 1;
    }
    return 0;
}
