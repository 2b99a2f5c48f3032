/* SPDX-License-Identifier: Apache-2.0 */
/* Submits a bad entry without ringing, and ends: the entry came first. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring_put(ring, RING_NET_WRITE, (const void *)0x1000, 64);
    return 0;
}
