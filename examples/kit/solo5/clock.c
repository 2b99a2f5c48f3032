/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monotonic clock turns ticks into nanoseconds by one multiplication: scale is nanoseconds a tick as a
 * fixed-point number with SCALE_BITS after the point, wrong by less than 1 part in 2^30 for any counter of 4
 * GHz or less.
 */
#include "kit/crt/clock.h"
#include "kit/solo5/hypercall.h"
#include "solo5.h"

#define NS_PER_SECOND 1000000000ull
#define SCALE_BITS    32

static uint64_t scale, first_tick;

static uint64_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

void clock_init(uint64_t tsc_hz)
{
    scale = (NS_PER_SECOND << SCALE_BITS) / (tsc_hz != 0 ? tsc_hz : NS_PER_SECOND);
    first_tick = read_tsc();
}

solo5_time_t solo5_clock_monotonic(void)
{
    return (uint64_t)((unsigned __int128)(read_tsc() - first_tick) * scale >> SCALE_BITS);
}

solo5_time_t solo5_clock_wall(void)
{
    static struct hc_walltime call;
    hypercall(HYPERCALL_WALLTIME, &call);
    return call.nsecs;
}
