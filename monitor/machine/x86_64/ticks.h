/* SPDX-License-Identifier: Apache-2.0 */
/* What a thread needs that waits for another without a system call. */
#ifndef X86_64_TICKS_H
#define X86_64_TICKS_H

#include <stdint.h>

/* The time-stamp counter. */
static inline uint64_t ticks_now(void)
{
    return __builtin_ia32_rdtsc();
}

/* Leaves the core to its sibling for a moment. */
static inline void ticks_relax(void)
{
    __builtin_ia32_pause();
}

#endif
