/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Good and bad block reads of a device "disk" of 129 blocks of 512 bytes, whose last block no window shows;
 * then all of it, before and after every third block was written to.
 */
#include "solo5_library.h"

#define DISK     1
#define BLOCK    512u
#define N_BLOCKS 129u

static uint8_t buffer[2 * BLOCK];

static const struct {
    solo5_handle_t handle;
    solo5_off_t offset;
    size_t size;
} requests[] = {
    {DISK, 0, BLOCK},
    {DISK, (N_BLOCKS - 2) * BLOCK, BLOCK},
    {DISK, (N_BLOCKS - 1) * BLOCK, BLOCK},
    {DISK, N_BLOCKS *BLOCK, BLOCK},
    {DISK, 0, 2 * BLOCK},
    {DISK, 0, 0},
    {DISK, 0, BLOCK - 1},
    {DISK, 0, BLOCK + 1},
    {DISK, 0, SIZE_MAX},
    {DISK, 1, BLOCK},
    {DISK, BLOCK - 1, BLOCK},
    {DISK, 1ull << 40, BLOCK},
    {DISK, UINT64_MAX - BLOCK + 1, BLOCK},
    {DISK, UINT64_MAX, BLOCK},
    {0, 0, BLOCK},
    {2, 0, BLOCK},
    {63, 0, BLOCK},
    {64, 0, BLOCK},
    {UINT64_MAX, 0, BLOCK},
};

static void print_disk(void)
{
    for (uint64_t block = 0; block < N_BLOCKS; block++) {
        uint64_t sum = 0;
        if (solo5_block_read(DISK, block * BLOCK, buffer, BLOCK) != SOLO5_R_OK)
            print("failed\n");
        for (unsigned i = 0; i < BLOCK; i++)
            sum = sum * 31 + buffer[i];
        print_number(sum);
    }
}

int guest_main(const struct boot_info *info)
{
    solo5_library_init(info);
    print_grafted((const void *)solo5_block_read);
    for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        buffer[0] = buffer[BLOCK] = 'x';
        print_number(solo5_block_read(requests[i].handle, requests[i].offset, buffer, requests[i].size));
        print_number(buffer[0]);
        print_number(buffer[BLOCK]);
    }
    print_disk();
    for (uint64_t block = 0; block < N_BLOCKS; block += 3) {
        for (unsigned i = 0; i < BLOCK; i++)
            buffer[i] = (uint8_t)(block + i);
        print_number(solo5_block_write(DISK, block * BLOCK, buffer, BLOCK));
    }
    print_disk();
    return 0;
}
