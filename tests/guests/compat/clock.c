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
#define GAP_MS    3
#define TRIES_MAX 1000

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

struct moment {
    uint64_t wall;
    uint64_t count;
};

/* Both clocks at one moment: again, if there was a pause between them. */
static struct moment read_clocks(uint64_t ticks_of_ms)
{
    struct moment moment;
    uint64_t after;
    unsigned tries = 0;

    do {
        moment.count = counter();
        moment.wall = wall_clock();
        after = counter();
    } while (after - moment.count > GAP_MS * ticks_of_ms && tries++ < TRIES_MAX);
    return moment;
}

int guest_main(const struct boot_info *info)
{
    uint64_t ticks_of_ms = info->cpu_cycle_freq / 1000, longest = 0;
    struct moment first = read_clocks(ticks_of_ms);
    uint64_t start = first.count, last = start;

    print("measuring\n");
    do {
        uint64_t now = counter();
        longest = now - last > longest ? now - last : longest;
        last = now;
    } while ((last - start) / ticks_of_ms < 2000);
    struct moment end = read_clocks(ticks_of_ms);
    uint64_t by_wall = end.wall - first.wall,
             by_counter = (end.count - first.count) / ticks_of_ms * (SECOND / 1000);
    uint64_t difference = by_wall > by_counter ? by_wall - by_counter : by_counter - by_wall;

    if (difference > TOLERANCE)
        return 1;
    return *(const char *)info->cmdline != '\0' && longest / ticks_of_ms * 1000000 < PAUSE_MIN ? 2 : 0;
}
