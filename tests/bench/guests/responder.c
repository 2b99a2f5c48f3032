/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers the frames of tests/bench/frames.c. The byte behind the Ethernet header says what is wanted:
 *
 *   e   the same frame back
 *   b   as many full frames as the next four bytes say (the lowest first)
 *   s   nothing; each 64th such frame is sent back
 *   q   the end
 *
 * Plain Solo5: compiled with the kit's library and with Solo5's.
 */
#include "solo5.h"

#define ETHERTYPE_HIGH 0x88
#define ETHERTYPE_LOW  0xb5
#define FRAME_MAX      1514u
#define ACK_EVERY      64u
#define WAIT_NS        1000000000ull

static uint8_t frame[FRAME_MAX + 64];

static void burst(solo5_handle_t net, size_t size)
{
    uint32_t n = 0;

    if (size < SOLO5_NET_HLEN + 5)
        return;
    for (unsigned i = 0; i < 4; i++)
        n |= (uint32_t)frame[SOLO5_NET_HLEN + 1 + i] << 8 * i;
    for (uint32_t i = 0; i < n; i++)
        (void)solo5_net_write(net, frame, FRAME_MAX);
}

/* Returns whether that was all. */
static bool handle(solo5_handle_t net, size_t size)
{
    static uint32_t n_sunk;

    if (size <= SOLO5_NET_HLEN || frame[12] != ETHERTYPE_HIGH || frame[13] != ETHERTYPE_LOW)
        return false;
    switch (frame[SOLO5_NET_HLEN]) {
    case 'e':
        (void)solo5_net_write(net, frame, size);
        return false;
    case 'b':
        burst(net, size);
        return false;
    case 's':
        if (++n_sunk % ACK_EVERY == 0)
            (void)solo5_net_write(net, frame, 64);
        return false;
    default:
        return frame[SOLO5_NET_HLEN] == 'q';
    }
}

int solo5_app_main(const struct solo5_start_info *info)
{
    struct solo5_net_info device;
    solo5_handle_t net;
    size_t size;
    (void)info;

    if (solo5_net_acquire("net", &net, &device) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    for (;;) {
        solo5_handle_set_t ready = 0;
        while (solo5_net_read(net, frame, sizeof(frame), &size) == SOLO5_R_OK)
            if (handle(net, size))
                return SOLO5_EXIT_SUCCESS;
        solo5_yield(solo5_clock_monotonic() + WAIT_NS, &ready);
    }
}
