/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <unistd.h>

struct device *guest_find_device(struct guest *guest, uint64_t handle, uint32_t type)
{
    if (handle >= MANIFEST_ENTRIES_MAX || guest->devices[handle].type != type)
        return NULL;
    return &guest->devices[handle];
}

bool guest_wait_filled(struct guest *guest)
{
    bool has_waited = false;
    for (size_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (guest->devices[i].type == MANIFEST_BLOCK)
            has_waited |= overlay_wait(&guest->devices[i].u.block.overlay);
    return has_waited;
}

const void *guest_borrow(struct guest *guest, struct gpa gpa, uint64_t len)
{
    const void *bytes = guest_mem_borrow(&guest->mem, gpa, len);
    const struct guest_window *window = guest_mem_find_window(&guest->mem, gpa.value);
    if (bytes == NULL || window == NULL)
        return bytes;

    const struct overlay *overlay = &guest->devices[window->handle].u.block.overlay;
    uint64_t from = gpa.value - window->start;
    char byte;
    for (uint64_t off = from; overlay->is_filling && off < from + len;
         off = (off / GUEST_PAGE_SIZE + 1) * GUEST_PAGE_SIZE)
        while (overlay_read(overlay, off, &byte, 1) == OVERLAY_IO && guest_wait_filled(guest))
            ;
    return bytes;
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
