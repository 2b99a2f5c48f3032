/* SPDX-License-Identifier: Apache-2.0 */
/* Posts one buffer more than the ring has slots. */
#include "guest_ring.h"

static unsigned char frame[FRAME_BYTES];

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL || !ring_can_post(info))
        return EXIT_NO_RING;
    for (unsigned i = 0; i <= RING_SLOTS; i++)
        ring_submit(ring, RING_NET_POST, frame, FRAME_BYTES);
    ring_wait(ring);
    return 0;
}
