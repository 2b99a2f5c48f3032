/* SPDX-License-Identifier: Apache-2.0 */
/* Sends every frame back until an empty one (one byte) ends it: a program with a library of Solo5's kind. */
#include "solo5_library.h"

#define HANDLE    1
#define SECOND_NS 1000000000ull

/* Why it ends. */
enum { EXIT_AS_IT_IS = 3, EXIT_NOT_SENT = 4, EXIT_OFFERED = 5 };

static uint8_t frame[2048];

int guest_main(const struct boot_info *info)
{
    size_t size;

    solo5_library_init(info);
    if (!is_grafted((const void *)solo5_net_read))
        return EXIT_AS_IT_IS;
    /* There is one who uses the ring. */
    if ((info->host_features & (BOOT_FEATURE_NET_RING | BOOT_FEATURE_NET_POSTED)) != 0)
        return EXIT_OFFERED;
    for (;;) {
        solo5_handle_set_t ready = 0;
        solo5_yield(solo5_clock_monotonic() + SECOND_NS, &ready);
        if ((ready >> HANDLE & 1) == 0)
            continue;
        while (solo5_net_read(HANDLE, frame, sizeof(frame), &size) == SOLO5_R_OK) {
            if (size == 1)
                return 0;
            if (solo5_net_write(HANDLE, frame, size) != SOLO5_R_OK)
                return EXIT_NOT_SENT;
        }
    }
}
