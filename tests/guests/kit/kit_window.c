/* SPDX-License-Identifier: Apache-2.0 */
/*
 * However a program of the kit reads its block device, and however often, it gets the same bytes: by blocks,
 * which the kit takes from the window or asks for, and as memory. The disk is 64 KiB of zeros.
 */
#include "check.h"
#include "kit/manifest.h"
#include "kit/window.h"

#include <string.h>

MANIFEST(MANIFEST_DEVICE_BLOCK("disk"));

#define CAPACITY 65536u
#define BLOCK    512u
#define ROUNDS   300u /* the kit changes its ways after some hundred */

static unsigned char expected[CAPACITY], buf[CAPACITY];

static void change(solo5_handle_t disk, size_t at, unsigned value)
{
    memset(expected + at, (int)value, BLOCK);
    CHECK(solo5_block_write(disk, at, expected + at, BLOCK) == SOLO5_R_OK);
}

static void compare(solo5_handle_t disk, size_t at, size_t size)
{
    const unsigned char *view = window_view(disk, at, size);
    CHECK(view == NULL || memcmp(view, expected + at, size) == 0);
    memset(buf, 0xff, size);
    CHECK(solo5_block_read(disk, at, buf, size) == SOLO5_R_OK);
    CHECK(memcmp(buf, expected + at, size) == 0);
}

int main(void)
{
    solo5_handle_t disk;
    struct solo5_block_info info;
    CHECK(solo5_block_acquire("disk", &disk, &info) == SOLO5_R_OK);
    CHECK(info.capacity == CAPACITY && info.block_size == BLOCK);

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t at = i * 7u % (CAPACITY / BLOCK) * BLOCK;
        change(disk, at, i);
        compare(disk, at, BLOCK);
        compare(disk, 0, CAPACITY);
        compare(disk, i % 5u * BLOCK, 40 * BLOCK);
    }
    const void *view = NULL;
    for (unsigned i = 0; view == NULL && i < ROUNDS; i++)
        view = window_view(disk, 0, CAPACITY);
    CHECK(view != NULL);
    CHECK(window_view(disk, CAPACITY - 1, 1) != NULL);
    CHECK(window_view(disk, CAPACITY - 1, 2) == NULL);
    CHECK(window_view(disk, CAPACITY + 1, 1) == NULL);
    CHECK(window_view(disk, UINT64_MAX, 2) == NULL);
    CHECK(window_view(disk, 1, SIZE_MAX) == NULL);
    CHECK(window_view(disk + 1, 0, 1) == NULL);
    CHECK(window_view(0, 0, 1) == NULL);
    puts("all is well");
    return 0;
}
