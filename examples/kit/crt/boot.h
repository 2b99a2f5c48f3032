/* SPDX-License-Identifier: Apache-2.0 */
/* What the start code found out, for the kit's other parts. */
#ifndef CRT_BOOT_H
#define CRT_BOOT_H

#include "abi/boot.h"
#include "solo5.h"

/*
 * What malloc() leaves to the stack, at the end of memory: an eighth, at most 64 MiB, and room for the guard
 * that wherry's monitor puts below that share. A stack that outgrows it ends the guest there, and spoils no
 * heap.
 */
#define BOOT_STACK_MAX   ((size_t)64 << 20)
#define BOOT_GUARD_BYTES (((size_t)64 << 10) + 4096) /* with what rounding to pages may add */

/* The monitor's boot information; set before anything else runs. */
extern const struct boot_info *boot_info;

/* What solo5_app_main() gets. */
extern struct solo5_start_info boot_start_info;

#endif
