/* SPDX-License-Identifier: Apache-2.0 */
/* Accepts the ring in the boot information, and finds the rest of it as it was. */
#include "guest_ring.h"

int guest_main(const struct boot_info *info)
{
    volatile struct boot_info *mine = (volatile struct boot_info *)(uintptr_t)info;
    if (ring_of(info) == NULL)
        return EXIT_NO_RING;
    mine->guest_features = BOOT_FEATURE_NET_RING;
    return mine->guest_features == BOOT_FEATURE_NET_RING && (uint64_t)mine->net_ring == mine->mem_size ? 0
                                                                                                       : 1;
}
