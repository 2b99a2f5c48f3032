/* SPDX-License-Identifier: Apache-2.0 */
/* How to ask the monitor for something (abi/hypercall.h says for what). */
#ifndef SOLO5_HYPERCALL_H
#define SOLO5_HYPERCALL_H

#include "abi/hypercall.h"

/*
 * Returns when the monitor has filled in the argument's out fields. The argument must lie below 4 GiB:
 * callers keep it in static storage, which does, and not on the stack, which lies at the end of a memory of
 * any size.
 */
static inline void hypercall(enum hypercall number, const void *argument)
{
    __asm__ volatile("outl %0, %1"
                     :
                     : "a"((uint32_t)(uintptr_t)argument), "d"((uint16_t)(HYPERCALL_PORT + number))
                     : "memory");
}

#endif
