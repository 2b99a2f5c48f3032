/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames over two devices, in every way in which Solo5's interface can be used and some in which it should
 * not, and what the functions say about it. The other side (test_graft_net.c) sends the frames that it is
 * asked for.
 */
#include "solo5_library.h"

#include <stdbool.h>

#define NET        1
#define OTHER      2
#define BOTH       (1ull << NET | 1ull << OTHER)
#define SECOND_NS  1000000000ull
#define FRAMES_MAX 300

static uint8_t frame[4096];

__attribute__((noinline)) static void say(const char *what, uint64_t number)
{
    print(what);
    print(": ");
    print_number(number);
}

static void put16(uint8_t *bytes, uint16_t number)
{
    bytes[0] = (uint8_t)number;
    bytes[1] = (uint8_t)(number >> 8);
}

/* Asks for n frames, of first_size bytes and one more each, over a device. */
static void ask_for(uint8_t device, uint16_t n, uint16_t first_size)
{
    static uint8_t question[64];

    question[0] = '?';
    question[1] = device;
    put16(question + 2, n);
    put16(question + 4, first_size);
    say("asked", solo5_net_write(NET, question, sizeof(question)));
}

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* Reads n frames, waiting as it is told to, with room for so many bytes. */
static void take(solo5_handle_t device, unsigned n, size_t room, bool yields)
{
    uint64_t sum = 0;
    size_t size = 0;

    for (unsigned i = 0; i < n;) {
        solo5_handle_set_t ready = 0;
        if (solo5_net_read(device, frame, room, &size) == SOLO5_R_OK) {
            sum = sum * 31 + sum_of(frame, size) + size;
            i++;
        } else if (yields) {
            solo5_yield(solo5_clock_monotonic() + 10 * SECOND_NS, &ready);
        }
    }
    say("last size", size);
    say("sum", sum);
}

static void try_arguments(void)
{
    static const solo5_handle_t handles[] = {0, 3, 63, 64, 1ull << 32 | NET, 1ull << 63};
    size_t size = 7;

    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        say("write", solo5_net_write(handles[i], frame, 100));
        say("read", solo5_net_read(handles[i], frame, 100, &size));
        say("size", size);
    }
    say("nothing there", solo5_net_read(OTHER, frame, 1514, &size));
    say("size", size);
    say("no room", solo5_net_read(OTHER, frame, 0, &size));
    say("size", size);
}

static void try_deadlines(void)
{
    static const solo5_time_t waits[] = {0, 1, 1000, 50000, 5000000};

    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        solo5_handle_set_t ready = 99;
        solo5_time_t start = solo5_clock_monotonic();
        solo5_yield(start + waits[i], &ready);
        say("ready", ready);
        say("waited long enough", solo5_clock_monotonic() - start + 2000 >= waits[i]);
    }
    solo5_yield(0, NULL);
    solo5_yield(1, NULL);
}

/* A frame that is too long for a buffer does not overtake others. */
static void try_sizes(void)
{
    static const size_t sizes[] = {60, 1514, 3000, 14, 2048, 2049, 1, 13, 64};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        frame[0] = (uint8_t)('a' + i);
        say("sent", solo5_net_write(i % 2 == 0 ? NET : OTHER, frame, sizes[i]));
    }
}

static void try_cut_frames(void)
{
    ask_for(NET, 3, 100);
    take(NET, 2, 10, true);
    take(NET, 1, 1514, false);
}

/* A yield says what is there, again and again, until it is read. */
static void try_two_devices(void)
{
    solo5_handle_set_t ready = 0;
    size_t size;

    ask_for(OTHER, 2, 200);
    ask_for(NET, 2, 300);
    while (ready != BOTH)
        solo5_yield(solo5_clock_monotonic() + SECOND_NS, &ready);
    solo5_yield(0, &ready);
    say("both are ready", ready);
    take(NET, 2, 1514, false);
    say("no more", solo5_net_read(NET, frame, 1514, &size));
    do
        solo5_yield(0, &ready);
    while (ready != 1ull << OTHER);
    take(OTHER, 2, 1514, false);
    do
        solo5_yield(0, &ready);
    while (ready != 0);
}

static void send_many(solo5_handle_t device, unsigned n)
{
    frame[0] = 'm';
    for (unsigned i = 0; i < n; i++) {
        put16(frame + 1, (uint16_t)i);
        if (solo5_net_write(device, frame, 64 + i % 1000) != SOLO5_R_OK)
            say("not sent", i);
    }
}

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    print_grafted((const void *)solo5_net_read);
    say("alike", is_grafted((const void *)solo5_net_read) == is_grafted((const void *)solo5_net_write) &&
                     is_grafted((const void *)solo5_yield) == is_grafted((const void *)solo5_net_read));
    try_arguments();
    try_deadlines();
    try_sizes();
    ask_for(NET, FRAMES_MAX, 60);
    take(NET, FRAMES_MAX, sizeof(frame), true);
    ask_for(OTHER, FRAMES_MAX, 60);
    take(OTHER, FRAMES_MAX, sizeof(frame), false);
    try_cut_frames();
    try_two_devices();
    send_many(NET, 1000);
    send_many(OTHER, 1000);
    return 6;
}
