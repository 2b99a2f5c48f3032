/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to every page of its memory, and ends with 0; or says so and stays, when its command line is not
 * empty. With "later" it waits for three seconds before. A guest with a disk writes all of that first: 64 KiB
 * at a time, until a request is refused. */
#include "guest.h"

#define PAGE       4096u
#define STACK      65536u
#define DISK       1
#define PIECE      65536u
#define STAY_NSECS 60000000000u
#define WAIT_NSECS 3000000000u

static unsigned char piece[PIECE];

static void write_disk(void)
{
    volatile struct hc_block_write call = {.handle = DISK, .data = piece, .len = PIECE};
    do {
        hypercall(HYPERCALL_BLOCK_WRITE, &call);
        call.offset += PIECE;
    } while (call.ret == RESULT_OK);
    print(call.offset > PIECE ? "written\n" : "not written\n");
}

int guest_main(const struct boot_info *info)
{
    const char *cmdline = info->cmdline;
    uint64_t end = ((uint64_t)__builtin_frame_address(0) - STACK) & ~(uint64_t)(PAGE - 1);

    if (*cmdline == 'l') {
        volatile struct hc_poll wait = {.timeout_nsecs = WAIT_NSECS};
        hypercall(HYPERCALL_POLL, &wait);
    }
    for (unsigned i = 0; i < PIECE; i += 512)
        piece[i] = 42;
    write_disk();
    for (uint64_t at = info->kernel_end; at < end; at += PAGE)
        *(volatile uint64_t *)at = at;
    if (*cmdline == '\0')
        return 0;

    volatile struct hc_poll poll = {.timeout_nsecs = STAY_NSECS};
    print("touched\n");
    hypercall(HYPERCALL_POLL, &poll);
    return 0;
}
