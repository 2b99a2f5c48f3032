/* SPDX-License-Identifier: Apache-2.0 */
/* The vector registers work, start clean, and survive a hypercall. */
#include "guest.h"

int guest_main(const struct boot_info *info)
{
    static float numbers[4] __attribute__((aligned(16))) = {1, 2, 3, 4};
    static float sums[4] __attribute__((aligned(16)));
    volatile struct hc_walltime now;

    (void)info;
    __asm__ __volatile__("movaps %0, %%xmm15" : : "m"(numbers));
    hypercall(HYPERCALL_WALLTIME, &now);
    __asm__ __volatile__("addps %%xmm15, %%xmm15\n\tmovaps %%xmm15, %0" : "=m"(sums));
    return sums[0] == 2 && sums[3] == 8 ? 0 : 1;
}
