/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rings as often as it can, until it is told that it need not: the monitor has called its other thread. Then
 * goes on for a while, served without an exit.
 */
#include "guest_ring.h"

#define SECONDS   20
#define EXIT_LATE 75

static unsigned char frame[FRAME_BYTES];

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint64_t end = __builtin_ia32_rdtsc() + SECONDS * info->cpu_cycle_freq;

    if (ring == NULL)
        return EXIT_NO_RING;
    do {
        ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
        if (ring_take(ring).ret != RESULT_AGAIN)
            return 1;
        if (__builtin_ia32_rdtsc() > end)
            return EXIT_LATE;
    } while (ring->needs_kick != 0);
    for (unsigned i = 0; i < 1000; i++) {
        ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
        if (ring_take(ring).ret != RESULT_AGAIN)
            return 1;
    }
    return 0;
}
