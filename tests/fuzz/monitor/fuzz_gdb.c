/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes on a debugger's connection, against a guest that has memory but no VM: packets are framed,
 * unescaped and answered. What is looked for, besides what the sanitizers find: a write to memory that is not
 * the guest's, and a breakpoint that stays in memory.
 */
#include "abi/boot.h"
#include "base/bug.h"
#include "gdb/stub.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guest_mem mem;

static bool is_zero(uint64_t start, uint64_t bytes)
{
    const unsigned char *at = guest_mem_at(&mem, start, bytes);
    return at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0;
}

static void answer(struct stub *stub, const struct packet_reader *reader)
{
    static struct stub_reply reply;
    static char framed[PACKET_FRAME_SIZE];
    static uint8_t before[4096], after[4096];

    enum stub_action action = stub_handle(stub, (const char *)reader->payload, reader->size, &reply);
    BUG_ON(reply.size > PACKET_SIZE);
    BUG_ON(packet_make(reply.bytes, reply.size, framed) > PACKET_FRAME_SIZE);
    if (action != STUB_CONTINUE && action != STUB_STEP)
        return;
    (void)guest_mem_copy_in(&mem, (struct gpa){GUEST_MIN_BASE}, before, sizeof(before));
    breakpoints_insert(&stub->breakpoints, &mem);
    (void)breakpoints_find_changed(&stub->breakpoints, &mem);
    breakpoints_withdraw(&stub->breakpoints, &mem);
    breakpoints_note_values(&stub->breakpoints, &mem);
    (void)guest_mem_copy_in(&mem, (struct gpa){GUEST_MIN_BASE}, after, sizeof(after));
    BUG_ON(memcmp(before, after, sizeof(before)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct packet_reader reader;
    static struct stub stub;
    struct error err = {0};

    if (mem.bytes == NULL) {
        BUG_ON(guest_mem_init(&mem, GUEST_MEM_MIN, GUEST_PAGE_SIZE, &err) < 0);
        mem.readable_low = (struct guest_seal){0x10000, 0x11000};
    }
    reader = (struct packet_reader){0};
    stub = (struct stub){.mem = &mem, .can_watch_access = size % 2 != 0};
    stub_stop(&stub, STUB_SIGTRAP, NULL);
    for (size_t i = 0; i < size; i++)
        if (packet_feed(&reader, data[i]) == PACKET_COMPLETE)
            answer(&stub, &reader);
    BUG_ON(!is_zero(0, GUEST_MIN_BASE));
    BUG_ON(!is_zero(GUEST_MEM_MIN, GUEST_PAGE_SIZE));
    return 0;
}
