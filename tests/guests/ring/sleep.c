/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the ring once and sleeps. */
#include "guest_ring.h"

static unsigned char frame[FRAME_BYTES];

int guest_main(const struct boot_info *info)
{
    static volatile struct hc_poll poll;
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring_submit(ring, RING_NET_READ, frame, FRAME_BYTES);
    ring_take(ring);
    print("ready\n");
    for (;;) {
        poll.timeout_nsecs = 3600000000000;
        hypercall(HYPERCALL_POLL, &poll);
    }
}
