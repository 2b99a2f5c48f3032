/* SPDX-License-Identifier: Apache-2.0 */
/* Sends from an address whose end wraps around. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring_submit(ring, RING_NET_WRITE, (const void *)(UINT64_MAX - 7), 16);
    ring_wait(ring);
    return 0;
}
