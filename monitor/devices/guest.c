/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <unistd.h>

struct device *guest_find_device(struct guest *guest, uint64_t handle, uint32_t type)
{
    if (handle >= MANIFEST_ENTRIES_MAX || guest->devices[handle].type != type)
        return NULL;
    return &guest->devices[handle];
}

void guest_release(struct guest *guest)
{
    for (size_t i = 0; i < MANIFEST_ENTRIES_MAX; i++) {
        if (guest->devices[i].type == MANIFEST_BLOCK)
            overlay_release(&guest->devices[i].u.block.overlay);
        else if (guest->devices[i].type == MANIFEST_NET)
            close(guest->devices[i].u.net.fd);
        guest->devices[i].type = 0;
    }
    guest_mem_release(&guest->mem);
}
