/* SPDX-License-Identifier: Apache-2.0 */
/* Posts its own code, which it may not write. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    static volatile struct hc_poll poll;
    struct ring *ring = ring_of(info);
    if (ring == NULL || !ring_can_post(info))
        return EXIT_NO_RING;
    ring_put(ring, RING_NET_POST, (const void *)guest_main, 64);
    hypercall(HYPERCALL_POLL, &poll);
    return 0;
}
