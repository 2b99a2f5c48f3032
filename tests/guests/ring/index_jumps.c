/* SPDX-License-Identifier: Apache-2.0 */
/* Submits more entries than there are slots. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring->entry_tail = RING_SLOTS + 1;
    ring_bell(ring);
    ring_wait(ring);
    return 0;
}
