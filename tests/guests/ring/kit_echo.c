/* SPDX-License-Identifier: Apache-2.0 */
/* Sends every frame back until an empty one (one byte) ends it: a program of Solo5's, linked with the kit. */
#include "kit/manifest.h"
#include "solo5.h"

#define SECOND_NS 1000000000ull

MANIFEST(MANIFEST_DEVICE_NET("net"));

static uint8_t frame[2048];

int solo5_app_main(const struct solo5_start_info *info)
{
    struct solo5_net_info net;
    solo5_handle_t handle;
    size_t size;

    (void)info;
    if (solo5_net_acquire("net", &handle, &net) != SOLO5_R_OK)
        return 1;
    for (;;) {
        solo5_handle_set_t ready = 0;
        solo5_yield(solo5_clock_monotonic() + SECOND_NS, &ready);
        if ((ready >> handle & 1) == 0)
            continue;
        while (solo5_net_read(handle, frame, sizeof(frame), &size) == SOLO5_R_OK) {
            if (size == 1)
                return 0;
            if (solo5_net_write(handle, frame, size) != SOLO5_R_OK)
                return 2;
        }
    }
}
