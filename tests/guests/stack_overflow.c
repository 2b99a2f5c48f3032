/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

static int sum(volatile int *n)
{
    volatile int next = *n + 1;
    return sum(&next) + *n;
}

int guest_main(const struct boot_info *info)
{
    volatile int n = 0;

    (void)info;
    return sum(&n);
}
