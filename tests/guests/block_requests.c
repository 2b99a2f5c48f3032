/* SPDX-License-Identifier: Apache-2.0 */
/* Good and bad requests; the result of each is what the interface says. */
#include "guest.h"

#define DISK     1
#define CAPACITY 65536u
#define BLOCK    512u

static unsigned char buffer[2 * BLOCK];

static int32_t transfer(enum hypercall number, uint64_t handle, uint64_t off, uint64_t len)
{
    /* Reads and writes have the same arguments. */
    volatile struct hc_block_read call = {.handle = handle, .offset = off, .data = buffer, .len = len};
    hypercall(number, &call);
    return call.ret;
}

static const struct {
    uint64_t handle;
    uint64_t off;
    uint64_t len;
    int32_t result;
} requests[] = {
    {DISK, 0, BLOCK, RESULT_OK},
    {DISK, BLOCK, 2 * BLOCK, RESULT_OK},
    {DISK, CAPACITY - BLOCK, BLOCK, RESULT_OK},
    {DISK, 1, BLOCK, RESULT_EINVAL},
    {DISK, 0, BLOCK - 1, RESULT_EINVAL},
    {DISK, CAPACITY, BLOCK, RESULT_EINVAL},
    {DISK, CAPACITY - BLOCK, 2 * BLOCK, RESULT_EINVAL},
    {DISK, UINT64_MAX - BLOCK + 1, BLOCK, RESULT_EINVAL},
    {DISK, 0, UINT64_MAX - BLOCK + 1, RESULT_EINVAL},
    {0, 0, BLOCK, RESULT_EINVAL},
    {2, 0, BLOCK, RESULT_EINVAL},
    {64, 0, BLOCK, RESULT_EINVAL},
    {UINT64_MAX, 0, BLOCK, RESULT_EINVAL},
};

int guest_main(const struct boot_info *info)
{
    (void)info;
    for (unsigned i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        for (enum hypercall number = HYPERCALL_BLOCK_WRITE; number <= HYPERCALL_BLOCK_READ; number++)
            if (transfer(number, requests[i].handle, requests[i].off, requests[i].len) != requests[i].result)
                return (int)i + 1;

    buffer[0] = 42;
    transfer(HYPERCALL_BLOCK_WRITE, DISK, BLOCK, BLOCK);
    buffer[0] = 0;
    transfer(HYPERCALL_BLOCK_READ, DISK, BLOCK, BLOCK);
    return buffer[0] == 42 ? 0 : 100;
}
