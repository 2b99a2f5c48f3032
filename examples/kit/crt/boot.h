/* SPDX-License-Identifier: Apache-2.0 */
/* What the start code found out, for the kit's other parts. */
#ifndef CRT_BOOT_H
#define CRT_BOOT_H

#include "abi/boot.h"
#include "solo5.h"

/* Of the stack at the end of memory, what malloc() leaves alone. */
#define BOOT_STACK_BYTES (256u << 10)

/* The monitor's boot information; set before anything else runs. */
extern const struct boot_info *boot_info;

/* What solo5_app_main() gets. */
extern struct solo5_start_info boot_start_info;

#endif
