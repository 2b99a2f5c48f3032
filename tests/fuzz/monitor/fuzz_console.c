/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's ring of output with any contents, indices included. The input is a list of records: what the
 * guest does to the ring, and what the monitor does then. Besides what the sanitizers find: more bytes taken
 * than were claimed, a claim of too much that is not refused, a count that is not the monitor's own.
 */
#include "console.h"

#include "base/bug.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define RECORDS_MAX 128

enum { PEEK, FLUSH, WRITE, ACTIONS };

struct record {
    uint8_t action;
    uint8_t is_absolute; /* tail is set; else it moves, mostly by what there is room for */
    uint8_t tail[8];
    uint8_t head[8];
    uint8_t offset[2];
    uint8_t bytes[16];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the exact size, so that a sanitizer sees one byte too far. */
static struct graft_console shared;
static struct console console;
static _Atomic uint64_t ring_bytes;

static void write_record(const struct record *record)
{
    uint64_t tail, head;
    uint16_t offset;

    memcpy(&tail, record->tail, sizeof(tail));
    memcpy(&head, record->head, sizeof(head));
    memcpy(&offset, record->offset, sizeof(offset));
    memcpy(shared.bytes + offset % (sizeof(shared.bytes) - sizeof(record->bytes) + 1), record->bytes,
           sizeof(record->bytes));
    shared.head = head;
    shared.tail = (record->is_absolute & 1) != 0 ? tail : shared.tail + tail % (GRAFT_CONSOLE_BYTES / 2);
}

static void act(uint8_t action)
{
    const uint64_t before = atomic_load(&console.ring.head), n = shared.tail - before;
    char out[PIPE_BUF];
    size_t peeked;

    switch (action) {
    case PEEK:
        peeked = console_ring_peek(&console.ring, out, sizeof(out));
        BUG_ON((peeked == SIZE_MAX) != (n > GRAFT_CONSOLE_BYTES));
        BUG_ON(peeked != SIZE_MAX && (peeked > n || peeked > sizeof(out) || (peeked == 0 && n > 0)));
        break;
    case FLUSH:
        BUG_ON(console_flush(&console) != (n <= GRAFT_CONSOLE_BYTES));
        break;
    default:
        console_write(&console, "text\n", 5);
        break;
    }
    const uint64_t taken = atomic_load(&console.ring.head) - before;
    BUG_ON(taken != 0 &&
           (action == PEEK || n > GRAFT_CONSOLE_BYTES || taken != n || shared.head != before + n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record record;
    static int fd = -1;

    if (fd < 0)
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    memset(&shared, 0, sizeof(shared));
    console_init(&console, fd);
    console_attach(&console, &shared, &ring_bytes);
    for (unsigned i = 0; i < RECORDS_MAX && size >= sizeof(record); i++) {
        memcpy(&record, data, sizeof(record));
        data += sizeof(record);
        size -= sizeof(record);
        write_record(&record);
        act(record.action % ACTIONS);
    }
    return 0;
}
