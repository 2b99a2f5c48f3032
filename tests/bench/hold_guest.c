/* SPDX-License-Identifier: Apache-2.0 */
/* Reads all of its block device, says so, and stays: what does an image take that is in use by many? */
#include "kit/manifest.h"
#include "solo5.h"

#include <stdio.h>
#include <stdlib.h>

MANIFEST(MANIFEST_DEVICE_BLOCK("disk"));

#define PIECE_BYTES (64u << 10)

static uint8_t buf[PIECE_BYTES];

int main(void)
{
    struct solo5_block_info info;
    solo5_handle_t disk;
    if (solo5_block_acquire("disk", &disk, &info) != SOLO5_R_OK)
        return 2;
    for (solo5_off_t off = 0; off < info.capacity; off += PIECE_BYTES) {
        solo5_off_t left = info.capacity - off;
        if (solo5_block_read(disk, off, buf, left < PIECE_BYTES ? left : PIECE_BYTES) != SOLO5_R_OK)
            return 1;
    }
    puts("read");
    for (;;)
        solo5_yield(solo5_clock_monotonic() + 1000000000000u, NULL);
}
