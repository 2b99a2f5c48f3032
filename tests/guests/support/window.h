/* SPDX-License-Identifier: Apache-2.0 */
/* The block device "disk", as the guests see it that ask for windows. */
#ifndef GUEST_TEST_WINDOW_H
#define GUEST_TEST_WINDOW_H

#include "guest.h"

#define DISK 1u

/* The window on "disk"; ends the guest with status 99 when there is none. */
static inline const struct boot_window *find_window(const struct boot_info *info)
{
    if ((info->host_features & BOOT_FEATURE_WINDOWS) != 0 && info->n_windows == 1 &&
        info->windows[0].type == BOOT_WINDOW_BLOCK && info->windows[0].handle == DISK)
        return &info->windows[0];
    volatile struct hc_halt call = {.exit_status = 99};
    hypercall(HYPERCALL_HALT, &call);
    return NULL;
}

/* A block request; both kinds have the same arguments. Returns its result. */
static inline int32_t transfer(enum hypercall number, uint64_t off, const void *data, uint64_t len)
{
    volatile struct hc_block_write call = {.handle = DISK, .offset = off, .data = data, .len = len};
    hypercall(number, &call);
    return call.ret;
}

#endif
