/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows: block devices that the guest reads as memory (abi/boot.h, struct boot_window).
 *
 * A window is a second view of the mapping from which overlay_read() copies, so both ways of reading always
 * see the same bytes: what a guest writes goes into that mapping, or into the page cache behind it, and KVM
 * follows. It is read-only three times: the guest's page tables, the memory slot, and here, where nobody
 * writes for a guest into a window (guest_mem.h).
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "guest.h"

/*
 * Windows begin here: above any guest's memory and the tables behind it, and within what the smallest of
 * today's processors can address.
 */
#define WINDOW_BASE (8ull << 30)

/*
 * The most that all windows of a guest show. A KVM that shadows page tables keeps 11 bytes for each of their
 * pages, and takes half a microsecond for each MiB.
 */
#define WINDOW_BYTES_MAX (1ull << 30)

/*
 * Decides, for a guest that has its block devices, which windows it gets: guest->windows. Returns how many.
 * The last, incomplete page of a device is in none, as it might show what lies behind the device.
 */
size_t window_plan(struct guest *guest);

/* Gives the guest its windows (vm_load() has put them into mem). vm_fd is a KVM VM. */
int window_open(const struct guest_mem *mem, int vm_fd, struct error *err);

#endif
