/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures two seconds by the wall clock with the time-stamp counter, as Solo5's bindings do: the two agree,
 * whether or not somebody has stopped the monitor meanwhile (then the command line is not empty). Both clocks
 * go on in a pause.
 */
#include "guest.h"

#define SECOND    1000000000ull
#define TOLERANCE (SECOND / 50)
#define PAUSE_MIN (SECOND / 4)

static uint64_t wall_clock(void)
{
    static volatile struct hc_walltime call;
    hypercall(HYPERCALL_WALLTIME, &call);
    return call.nsecs;
}

static uint64_t counter(void)
{
    uint32_t low, high;
    __asm__ __volatile__("lfence\n\trdtsc" : "=a"(low), "=d"(high));
    return low | (uint64_t)high << 32;
}

int guest_main(const struct boot_info *info)
{
    uint64_t ticks_of_ms = info->cpu_cycle_freq / 1000, longest = 0;
    uint64_t wall = wall_clock(), start = counter(), last = start;

    print("measuring\n");
    do {
        uint64_t now = counter();
        longest = now - last > longest ? now - last : longest;
        last = now;
    } while ((last - start) / ticks_of_ms < 2000);
    uint64_t by_wall = wall_clock() - wall, by_counter = (counter() - start) / ticks_of_ms * (SECOND / 1000);
    uint64_t difference = by_wall > by_counter ? by_wall - by_counter : by_counter - by_wall;

    if (difference > TOLERANCE)
        return 1;
    return *(const char *)info->cmdline != '\0' && longest / ticks_of_ms * 1000000 < PAUSE_MIN ? 2 : 0;
}
