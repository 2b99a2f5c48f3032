/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thread-local storage as the x86-64 ABI wants it (variant II of "ELF Handling For Thread-Local Storage"):
 * the variables end right below the thread pointer, and the word that it points at holds its own address.
 *
 *     tls                                     tp
 *     | for tp's alignment | .tdata | .tbss   | tp |
 */
#include "kit/crt/tls.h"

#include "solo5.h"

#include <string.h>

#define MSR_FS_BASE 0xc0000100u

/* unikernel.lds; sizes are the addresses of their symbols. Only a weak symbol may have the address 0. */
extern const char tls_image[], tls_align[];
extern const char tls_image_size[] __attribute__((weak)), tls_size[] __attribute__((weak));

static uintptr_t tp_align(void)
{
    return (uintptr_t)tls_align > sizeof(uintptr_t) ? (uintptr_t)tls_align : sizeof(uintptr_t);
}

static uintptr_t align_up(uintptr_t value, uintptr_t align)
{
    return (value + align - 1) & ~(align - 1);
}

size_t solo5_tls_size(void)
{
    return align_up((size_t)tls_size, tp_align()) + sizeof(uintptr_t);
}

uintptr_t solo5_tls_tp_offset(uintptr_t tls)
{
    return tls + align_up((size_t)tls_size, tp_align());
}

solo5_result_t solo5_tls_init(uintptr_t tls)
{
    if (tls == 0)
        return SOLO5_R_EINVAL;

    uintptr_t tp = solo5_tls_tp_offset(tls), variables = tp - (size_t)tls_size;
    memset((void *)variables, 0, (size_t)tls_size);
    memcpy((void *)variables, tls_image, (size_t)tls_image_size);
    *(uintptr_t *)tp = tp;
    return SOLO5_R_OK;
}

/*
 * wrmsr and not wrfsbase, which needs a bit in CR4 that Solo5's tender does not set. In ring 0 it works as it
 * is; in ring 3 it traps, and wherry's monitor does what it says.
 */
solo5_result_t solo5_set_tls_base(uintptr_t base)
{
    __asm__ volatile("wrmsr" ::"c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)) : "memory");
    return SOLO5_R_OK;
}

uintptr_t tls_init_main(uintptr_t free)
{
    if ((size_t)tls_size == 0)
        return free;

    uintptr_t tls = align_up(free, tp_align());
    solo5_tls_init(tls);
    solo5_set_tls_base(solo5_tls_tp_offset(tls));
    return align_up(tls + solo5_tls_size(), 16);
}
