/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Something to look at for a debugger: calls with arguments, a variable that changes, a loop that only a
 * debugger ends, and numbers in vector registers.
 */
#include "guest.h"

static volatile int counter = 1;
static volatile int is_released;
static volatile double quotient;

__attribute__((noinline)) static int add_up(int a, int b)
{
    counter += a + b;
    return counter;
}

__attribute__((noinline)) static void wait_for_release(void)
{
    while (!is_released)
        ;
}

int guest_main(const struct boot_info *info)
{
    (void)info;
    int sum = add_up(20, 21);
    print("summed up\n");
    quotient = counter / 4.0;
    if (sum != 42)
        wait_for_release();
    return sum;
}
