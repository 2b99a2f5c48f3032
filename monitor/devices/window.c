/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "kvm.h"

/*
 * Between two windows is a gap, so that reading beyond the end of one is a fault. An overlay's mapping begins
 * at such a boundary, and so does its window: then KVM can map 2 MiB at once.
 */
#define WINDOW_ALIGN (2ull << 20)

/* Slot 0 is the guest's memory. */
#define FIRST_SLOT 1u

size_t window_plan(struct guest *guest)
{
    uint64_t at = WINDOW_BASE, left = WINDOW_BYTES_MAX;
    size_t n = 0;

    for (uint32_t handle = 0; handle < MANIFEST_ENTRIES_MAX; handle++) {
        const struct overlay *overlay = &guest->devices[handle].u.block.overlay;
        /* What a delta file has is no part of the mapping. */
        if (guest->devices[handle].type != MANIFEST_BLOCK || overlay->mode == OVERLAY_KEPT)
            continue;
        uint64_t bytes = overlay->capacity & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
        if (bytes > left)
            bytes = left;
        if (bytes == 0)
            continue;
        guest->windows[n++] = (struct guest_window){.start = at,
                                                    .end = at + bytes,
                                                    .bytes = overlay->bytes,
                                                    .handle = handle,
                                                    .is_constant = overlay->mode == OVERLAY_READ_ONLY};
        left -= bytes;
        at = (at + bytes + 2 * WINDOW_ALIGN - 1) & ~(WINDOW_ALIGN - 1);
    }
    return n;
}

int window_open(const struct guest_mem *mem, int vm_fd, struct error *err)
{
    for (size_t i = 0; i < mem->n_windows; i++) {
        const struct guest_window *window = &mem->windows[i];
        struct kvm_userspace_memory_region slot = {
            .slot = FIRST_SLOT + (uint32_t)i,
            .flags = KVM_MEM_READONLY,
            .guest_phys_addr = window->start,
            .memory_size = window->end - window->start,
            .userspace_addr = (uintptr_t)window->bytes,
        };
        if (kvm_call(vm_fd, KVM_SET_USER_MEMORY_REGION, &slot, "give the guest a window", err) < 0)
            return -1;
    }
    return 0;
}
