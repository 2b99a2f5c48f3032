/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Submits one entry at a time, at all distances from the moment at which the monitor goes to sleep. A bell
 * that is not heard would leave it waiting for ever.
 */
#include "guest_ring.h"

#define TIMES 5000

static unsigned char frame[FRAME_BYTES];

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    uint64_t microsecond = info->cpu_cycle_freq / 1000000, random = 1;

    if (ring == NULL)
        return EXIT_NO_RING;
    for (unsigned i = 0; i < TIMES; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t end = __builtin_ia32_rdtsc() + microsecond * ((random >> 33) % 40);
        while (__builtin_ia32_rdtsc() < end)
            ;
        ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
        if (ring_take(ring).ret != RESULT_AGAIN)
            return 1;
    }
    return 0;
}
