/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a guest reads its block device.
 *
 *     read_guest WAY PIECE ORDER
 *
 * WAY is "kit" (solo5_block_read(), which decides), "window" (a copy out of the window) or "call" (the
 * hypercall); PIECE is in bytes; ORDER "sequential" or "random". Prints the first pass and the best of the
 * following ones in MB/s: the first touches every page of the window for the first time.
 */
#include "abi/boot.h"
#include "kit/crt/boot.h"
#include "kit/manifest.h"
#include "kit/solo5/hypercall.h"
#include "solo5.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MANIFEST(MANIFEST_DEVICE_BLOCK("disk"));

#define WARM_PASSES 10
#define CALLS_MAX   4096u /* in a pass: they are slow */

static solo5_handle_t disk;
static const uint8_t *window;
static uint8_t *buf;

static void read_kit(uint64_t off, size_t size)
{
    if (solo5_block_read(disk, off, buf, size) != SOLO5_R_OK)
        exit(1);
}

static void read_window(uint64_t off, size_t size)
{
    memcpy(buf, window + off, size);
}

static void read_call(uint64_t off, size_t size)
{
    static struct hc_block_read call;
    call = (struct hc_block_read){.handle = disk, .offset = off, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_READ, &call);
    if (call.ret != RESULT_OK)
        exit(1);
}

static const struct {
    const char *name;
    void (*read)(uint64_t off, size_t size);
} ways[] = {{"kit", read_kit}, {"window", read_window}, {"call", read_call}};

/* Reads n pieces out of n_pieces; returns MB/s. */
static uint64_t pass(void (*read)(uint64_t off, size_t size), uint64_t n, uint64_t n_pieces, size_t size,
                     bool is_random)
{
    static uint64_t state = 1;
    solo5_time_t start = solo5_clock_monotonic();
    for (uint64_t i = 0; i < n; i++) {
        uint64_t piece = i;
        if (is_random) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            piece = (state >> 33) % n_pieces;
        }
        read(piece * size, size);
    }
    return n * size * 1000 / (solo5_clock_monotonic() - start);
}

int main(int argc, char **argv)
{
    struct solo5_block_info info;
    size_t way = 0;
    if (argc != 4 || solo5_block_acquire("disk", &disk, &info) != SOLO5_R_OK)
        return 2;
    while (way < sizeof(ways) / sizeof(ways[0]) && strcmp(argv[1], ways[way].name) != 0)
        way++;
    if ((boot_info->host_features & BOOT_FEATURE_WINDOWS) != 0)
        window = boot_info->windows[0].start;
    size_t size = strtoul(argv[2], NULL, 10);
    uint64_t n_pieces = size == 0 ? 0 : info.capacity / size, n = n_pieces;
    buf = malloc(size);
    if (way == sizeof(ways) / sizeof(ways[0]) || n == 0 || buf == NULL || window == NULL)
        return 2;
    memset(buf, 1, size);
    if (ways[way].read == read_call && n > CALLS_MAX)
        n = CALLS_MAX;

    bool is_random = strcmp(argv[3], "random") == 0;
    uint64_t best = 0, first = pass(ways[way].read, n, n_pieces, size, is_random);
    for (int i = 0; i < WARM_PASSES; i++) {
        uint64_t rate = pass(ways[way].read, n, n_pieces, size, is_random);
        best = rate > best ? rate : best;
    }
    printf("%" PRIu64 " %" PRIu64 "\n", first, best);
    return 0;
}
