/* SPDX-License-Identifier: Apache-2.0 */
/* Receives into the ring itself. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring_submit(ring, RING_NET_READ, ring, 64);
    ring_take(ring);
    return 0;
}
