/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the monitor's code of a frame in a buffer that is nowhere: the code reads it with the guest's rights,
 * which has none there.
 */
#include "graft_layout.h"
#include "solo5_library.h"

#define HANDLE 1
#define NUMBER 60000u /* of a buffer */

static uint8_t frame[2048];

int guest_main(const struct boot_info *info)
{
    struct graft_frames *frames =
        (struct graft_frames *)(info->mem_size + ((sizeof(struct ring) + 4095) & ~4095ull));
    volatile uint32_t *lens = frames->lens;
    size_t size;

    solo5_library_init(info);
    (void)solo5_net_read(HANDLE, frame, sizeof(frame), &size);
    lens[NUMBER] = sizeof(frame);
    frames->ready = 1 << HANDLE;
    frames->queues[HANDLE].first = NUMBER + 1;
    for (;;)
        if (solo5_net_read(HANDLE, frame, sizeof(frame), &size) != SOLO5_R_OK)
            return 1;
}
