/* SPDX-License-Identifier: Apache-2.0 */
/* A program with solo5_app_main() gets what Solo5's interface promises. */
#include "kit/manifest.h"
#include "solo5.h"

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

static int check_time(void)
{
    solo5_handle_set_t ready = ~(solo5_handle_set_t)0;
    solo5_time_t start = solo5_clock_monotonic(), wall = solo5_clock_wall();
    solo5_yield(start + 20000000, &ready);
    solo5_time_t slept = solo5_clock_monotonic() - start, wall_slept = solo5_clock_wall() - wall;
    return ready == 0 && slept >= 19000000 && slept < 2000000000 && wall_slept >= 19000000 &&
           wall_slept < 2000000000;
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
