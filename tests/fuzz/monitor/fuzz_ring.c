/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network ring with any contents, indices included, against a guest that has memory and two network
 * devices but no VM.
 *
 * The input is a list of records: bytes and where in the ring they go, how far entry_tail moves, and what the
 * monitor does then. What is looked for, besides what the sanitizers find: a write to what the guest may not
 * write, more or fewer entries taken than submitted, a breach after which somebody still serves.
 */
#include "ring.h"

#include "abi/boot.h"
#include "attach.h"
#include "base/bug.h"
#include "hypercall.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define CODE          0x101000u
#define CODE_BYTES    0x1000u
#define CODE_CONTENTS 0x5a
#define LENT_BYTES    8192u
#define TABLES_BYTES  4096u
#define RECORDS_MAX   128

enum { SERVE, SERVE_WITH_FRAMES, DRAIN, DOZE, WAIT, POLL, ACTIONS };

struct record {
    uint8_t action;
    uint8_t is_relative; /* to the slot that comes next, else to the ring's beginning */
    uint8_t tail_moves[4];
    uint8_t offset[4];
    uint8_t bytes[32];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guest guest;
static struct status status;
static struct ring *ring;
static int peers[2]; /* the other ends of the network devices */

static void make_net(struct manifest_entry *entry, int *out_peer, struct error *err)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    int pair[2];
    BUG_ON(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0);
    BUG_ON(attach_net(&guest, entry, pair[0], mac, 1500, err) < 0);
    *out_peer = pair[1];
}

static void make_guest(void)
{
    static const struct guest_seal code = {CODE, CODE + CODE_BYTES};
    struct error err = {0};

    guest.status = &status;
    guest.manifest = (struct manifest_table){.version = 1,
                                             .n_entries = 3,
                                             .entries = {{.type = MANIFEST_RESERVED_FIRST},
                                                         {.name = "net", .type = MANIFEST_NET},
                                                         {.name = "other", .type = MANIFEST_NET}}};
    BUG_ON(guest_mem_init(&guest.mem, GUEST_MEM_MIN, RING_BYTES + LENT_BYTES + TABLES_BYTES, &err) < 0);
    guest_mem_lend(&guest.mem, GUEST_MEM_MIN + RING_BYTES, GUEST_MEM_MIN + RING_BYTES + LENT_BYTES);
    guest_mem_seal(&guest.mem, &code, 1);
    guest.mem.readable_low = (struct guest_seal){0x10000, 0x12000};
    memset(guest_mem_at(&guest.mem, CODE, CODE_BYTES), CODE_CONTENTS, CODE_BYTES);
    make_net(&guest.manifest.entries[1], &peers[0], &err);
    make_net(&guest.manifest.entries[2], &peers[1], &err);
    ring = guest_mem_at(&guest.mem, GUEST_MEM_MIN, RING_BYTES);
}

static void make_ring(void)
{
    memset(ring, 0, sizeof(*ring));
    guest.ring = (struct ring_server){0};
    ring_init(&guest.ring, ring, true);
}

static bool is_all(const unsigned char *bytes, size_t size, unsigned char value)
{
    return bytes[0] == value && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* There is a frame to receive now and then, and always room to send. */
static void play_network(bool has_frames)
{
    char frame[2048];

    for (int i = 0; i < 2; i++) {
        while (recv(peers[i], frame, sizeof(frame), 0) > 0)
            ;
        if (has_frames)
            (void)!send(peers[i], "a frame", 7, 0);
    }
}

static void write_record(const struct record *record)
{
    uint32_t moves, offset;
    size_t at = 0;

    memcpy(&moves, record->tail_moves, sizeof(moves));
    memcpy(&offset, record->offset, sizeof(offset));
    if ((record->is_relative & 1) != 0)
        at = offsetof(struct ring, entries) + (ring->entry_tail & RING_MASK) * sizeof(struct ring_entry);
    else
        at = offset % (sizeof(*ring) - sizeof(record->bytes) + 1);
    memcpy((char *)ring + at, record->bytes, sizeof(record->bytes));
    /* Mostly as many entries as there can be. */
    ring->entry_tail = ring->entry_tail + ((record->is_relative & 2) != 0 ? moves : moves % 8);
}

static void serve(uint8_t action)
{
    uint32_t tail = ring->entry_tail, head = atomic_load(&guest.ring.entry_head);
    uint32_t commits = guest.ring.commit_tail;
    enum ring_verdict verdict = action == DRAIN ? ring_drain(&guest) : ring_serve(&guest);
    uint32_t taken = atomic_load(&guest.ring.entry_head) - head;

    /* A buffer that was posted before may come back, and a breach takes no entry. */
    BUG_ON(guest.ring.commit_tail - commits > taken + RING_SLOTS);
    if (verdict == RING_BREACH) {
        BUG_ON(guest.ring.breach[0] == '\0' || ring_serve(&guest) != RING_TAKEN);
        make_ring();
        return;
    }
    /* No frame is received into the ring itself: its words are those that were written to it. */
    BUG_ON(verdict == RING_TAKEN || taken != tail - head || ring->entry_tail != tail);
    BUG_ON(taken > 0 && (ring->entry_head != tail || ring->needs_kick > 1));
    BUG_ON(guest.ring.commit_tail != commits && ring->commit_tail != guest.ring.commit_tail);
}

/* It does not wait for long. */
static void poll_once(void)
{
    static const struct hc_poll call = {.timeout_nsecs = 1000};
    static const struct gpa address = {GUEST_MIN_BASE};

    BUG_ON(!guest_mem_copy_out(&guest.mem, address, &call, sizeof(call)));
    if (hypercall_run(&guest, HYPERCALL_POLL, (uint32_t)address.value) == HYPERCALL_BREACH)
        make_ring();
    BUG_ON(atomic_load(&guest.ring.is_taken));
}

static void act(const struct record *record)
{
    uint8_t action = record->action % ACTIONS;

    write_record(record);
    if (action == WAIT)
        return;
    if (action == DOZE) {
        bool may_sleep = ring_doze(&guest.ring);
        BUG_ON(may_sleep != (ring->entry_tail == atomic_load(&guest.ring.entry_head)));
        BUG_ON(ring->needs_kick != may_sleep);
        return;
    }
    play_network(action == SERVE_WITH_FRAMES || action == POLL);
    ring->needs_kick = 0;
    if (action == POLL)
        poll_once();
    else
        serve(action);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;

    if (guest.mem.bytes == NULL)
        make_guest();
    make_ring();
    for (unsigned n = 0; n < RECORDS_MAX && size >= sizeof(record); n++) {
        memcpy(&record, data, sizeof(record));
        data += sizeof(record);
        size -= sizeof(record);
        act(&record);
    }
    BUG_ON(!is_all(guest_mem_at(&guest.mem, CODE, CODE_BYTES), CODE_BYTES, CODE_CONTENTS));
    BUG_ON(!is_all(guest_mem_at(&guest.mem, 0, GUEST_MIN_BASE), GUEST_MIN_BASE, 0));
    BUG_ON(!is_all(guest_mem_at(&guest.mem, GUEST_MEM_MIN + RING_BYTES + LENT_BYTES, TABLES_BYTES),
                   TABLES_BYTES, 0));
    return 0;
}
