/* SPDX-License-Identifier: Apache-2.0 */
/* A program with solo5_app_main() gets what Solo5's interface promises. */
#include "kit/manifest.h"
#include "solo5.h"

#include <stdio.h>
#include <string.h>

static void print(const char *s)
{
    solo5_console_write(s, strlen(s));
}

static int check_devices(void)
{
    solo5_handle_t handle;
    struct solo5_block_info block;
    struct solo5_net_info net;
    return solo5_block_acquire("none", &handle, &block) == SOLO5_R_EINVAL &&
           solo5_net_acquire("none", &handle, &net) == SOLO5_R_EINVAL;
}

#define WAIT_NS  20000000ull
#define LEAST_NS 19000000ull
#define MOST_NS  (30 * 1000000000ull) /* on a machine as busy as can be */

static int is_waited(const char *clock, solo5_time_t ns)
{
    if (ns >= LEAST_NS && ns < MOST_NS)
        return 1;
    printf("%s: %llu ns\n", clock, (unsigned long long)ns);
    return 0;
}

static int check_time(void)
{
    solo5_handle_set_t ready = ~(solo5_handle_set_t)0;
    /* The wall clock first and last: there may be a pause between any two of these. */
    solo5_time_t wall = solo5_clock_wall(), start = solo5_clock_monotonic();
    solo5_yield(start + WAIT_NS, &ready);
    solo5_time_t waited = solo5_clock_monotonic() - start, wall_waited = solo5_clock_wall() - wall;
    return ready == 0 && is_waited("monotonic", waited) && is_waited("wall", wall_waited);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    /* The heap is what it is said to be, but for the end, where this function's frame is. */
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (here < info->heap_start || here > info->heap_start + info->heap_size ||
        strcmp(info->cmdline, "") != 0)
        return 1;
    memset((void *)info->heap_start, 0xaa, 1 << 20);
    if (!check_devices())
        return 2;
    if (!check_time())
        return 3;
    print("all is well\n");
    return SOLO5_EXIT_SUCCESS;
}
