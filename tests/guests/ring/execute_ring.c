/* SPDX-License-Identifier: Apache-2.0 */
/* Puts code into the ring and runs it. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    struct ring *ring = ring_of(info);
    if (ring == NULL)
        return EXIT_NO_RING;
    ring->pad0[0] = 0xc3; /* ret */
    __asm__ volatile("call *%0" : : "r"(ring->pad0) : "memory");
    return 0;
}
