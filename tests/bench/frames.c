/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's end of a tap whose other end is guests/responder.c:
 *
 *     bench-frames INTERFACE
 *
 * waits for the guest, then prints three numbers: round trips of 64-byte frames a second, and megabytes a
 * second of full frames from the guest and to it; and lets the guest end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ETHERTYPE  0x88b5
#define HEADER     14
#define SMALL      64
#define FULL       1514
#define TIME_S     0.3
#define START_S    20.0
#define BURST      256
#define ACK_EVERY  64
#define WINDOW     (4 * ACK_EVERY) /* what a tap's queue holds with ease */
#define SILENCE_MS 500

static int sock;
static uint8_t out[FULL], in[2048];

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "bench-frames: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void open_socket(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETHERTYPE),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    struct timeval silence = {.tv_usec = SILENCE_MS * 1000};
    int bytes = 16 << 20, one = 1;

    sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETHERTYPE));
    if (sock < 0 || bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail(interface);
    if (setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
        setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)) < 0 ||
        setsockopt(sock, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
        fail("set up the socket");
}

static void send_frame(char command, uint32_t number, size_t size)
{
    memset(out, 0xff, 6);
    memset(out + 6, 0x02, 6);
    out[12] = ETHERTYPE >> 8;
    out[13] = ETHERTYPE & 0xff;
    out[HEADER] = (uint8_t)command;
    for (unsigned i = 0; i < 4; i++)
        out[HEADER + 1 + i] = (uint8_t)(number >> 8 * i);
    while (send(sock, out, size, 0) < 0)
        if (errno != ENOBUFS && errno != ENETDOWN)
            fail("send");
}

/* Returns the size, or 0 when there was silence. */
static size_t receive(void)
{
    ssize_t n = recv(sock, in, sizeof(in), 0);
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
        fail("receive");
    return n > 0 ? (size_t)n : 0;
}

/* The guest may not be there yet: asks until it answers, and takes the answers to all questions. */
static void wait_for_guest(void)
{
    double start = now();
    do {
        if (now() - start > START_S) {
            errno = ETIMEDOUT;
            fail("wait for the guest");
        }
        send_frame('e', 0, SMALL);
    } while (receive() == 0);
    while (receive() > 0)
        ;
}

static double measure_round_trips(void)
{
    unsigned n = 0;
    double start = now(), end;
    do {
        send_frame('e', n, SMALL);
        n += receive() > 0;
        end = now();
    } while (end - start < TIME_S);
    return n / (end - start);
}

/* Until the time is over, bursts of frames; of each, what arrived. */
static double measure_from_guest(void)
{
    double bytes = 0, time = 0;
    while (time < TIME_S) {
        double start = now(), last = start;
        unsigned n = 0;
        send_frame('b', BURST, SMALL);
        for (size_t size; n < BURST && (size = receive()) > 0; n++) {
            bytes += (double)size;
            last = now();
        }
        time += last - start;
        if (n == 0)
            break;
    }
    return bytes / time / 1e6;
}

/* At most WINDOW frames are on their way: none is lost. */
static double measure_to_guest(void)
{
    unsigned sent = 0, arrived = 0;
    double start = now(), end;
    do {
        while (sent - arrived < WINDOW) {
            send_frame('s', sent, FULL);
            sent++;
        }
        if (receive() == 0)
            return 0;
        arrived += ACK_EVERY;
        end = now();
    } while (end - start < TIME_S);
    return (double)arrived * FULL / (end - start) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "bench-frames: INTERFACE\n");
        return 2;
    }
    open_socket(argv[1]);
    wait_for_guest();
    double round_trips = measure_round_trips();
    double from = measure_from_guest();
    double to = measure_to_guest();
    printf("%.1f %.3f %.3f\n", round_trips, from, to);
    send_frame('q', 0, SMALL);
    return 0;
}
