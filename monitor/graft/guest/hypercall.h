/* SPDX-License-Identifier: Apache-2.0 */
/* How the code here, which runs in a guest, makes hypercalls, and finds its pages. */
#ifndef GRAFT_HYPERCALL_H
#define GRAFT_HYPERCALL_H

#include "abi/hypercall.h"
#include "copy.h"
#include "graft_layout.h"

/* arguments lie below 4 GiB, as all that a guest owns. */
INLINE void hypercall(enum hypercall number, volatile void *arguments)
{
    __asm__ __volatile__("outl %0, %w1"
                         :
                         : "a"((uint32_t)(uintptr_t)arguments), "Nd"(HYPERCALL_PORT + (int)number)
                         : "memory");
}

INLINE const struct graft_table *graft_table(void)
{
    return (const struct graft_table *)LOW_GRAFT_TABLE;
}

INLINE struct graft_console *graft_console(void)
{
    return (struct graft_console *)LOW_GRAFT_DATA;
}

#endif
