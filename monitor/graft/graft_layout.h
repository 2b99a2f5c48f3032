/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor and the code that it lends to guests (graft.h) share: what is in the pages from
 * LOW_GRAFT_CODE on (x86_64/low_memory.h). Both come from the same build, so none of this is an interface
 * that has to stay.
 */
#ifndef GRAFT_LAYOUT_H
#define GRAFT_LAYOUT_H

#include "abi/guest_ptr.h"
#include "abi/note.h"
#include "abi/ring.h"
#include "x86_64/low_memory.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The code begins with a list of these; one without a name ends it. A function of Solo5's library can be
 * replaced as a whole, or the hypercall in it: then what is called gets the address of the arguments in eax,
 * and returns with all registers as a hypercall would leave them.
 */
struct graft_function {
    uint64_t entry;      /* a guest address: in the place of the function */
    uint64_t call_entry; /* in the place of its hypercall */
    char name[48];       /* of the function */
};
_Static_assert(sizeof(struct graft_function) == 64, "as functions.S has it");

/* A block device, by its handle. */
struct graft_block {
    GUEST_PTR(const unsigned char *) window; /* shows the device from its beginning */
    uint64_t window_bytes;                   /* 0: there is no window */
    uint64_t block_size;                     /* 0: this handle is no block device */
};

/* The network devices, which all use one ring. */
struct graft_net {
    uint64_t devices; /* their handles, as bits; 0: everything goes by hypercalls */
    GUEST_PTR(struct ring *) ring;
    GUEST_PTR(struct graft_frames *) frames;
    GUEST_PTR(__typeof__(uint64_t(*)(void))) clock; /* the guest's own solo5_clock_monotonic() */
    uint64_t mem_size;                              /* bytes: the guest's, without all this */
    uint32_t buffer_bytes;                          /* of each buffer */
    uint32_t n_writes;                              /* buffers to send from; they come first */
    uint32_t n_posts;                               /* buffers that are posted for each device */
    uint32_t ticks_per_us;
    volatile uint32_t is_watched; /* not 0: somebody looks at the ring within a millisecond, so whoever has
                                   * more to send need not ring at once */
};

/* At LOW_GRAFT_TABLE. */
struct graft_table {
    struct graft_block blocks[MANIFEST_ENTRIES_MAX];
    struct graft_net net;
};
_Static_assert(sizeof(struct graft_table) <= LOW_GRAFT_DATA - LOW_GRAFT_TABLE, "fits");

/*
 * Output on its way to the console, at LOW_GRAFT_DATA. The guest stores bytes behind the last ones, wherever
 * that is modulo their number, then tail; the monitor takes them, then stores head. When is_watched is not 0
 * after tail has been stored, somebody will look within a millisecond, else the guest has to make a
 * hypercall: any will do.
 */
struct graft_console {
    volatile uint64_t tail; /* bytes that were ever written; only the guest stores it */
    uint8_t pad0[56];
    volatile uint64_t head; /* bytes that were ever taken; only the monitor stores these */
    volatile uint32_t is_watched;
    uint8_t pad1[52];
    unsigned char bytes[LOW_GRAFT_END - LOW_GRAFT_DATA - 128];
};
_Static_assert(sizeof(struct graft_console) == LOW_GRAFT_END - LOW_GRAFT_DATA, "fills its pages");

#define GRAFT_CONSOLE_BYTES sizeof(((struct graft_console *)0)->bytes)

#define GRAFT_BUFFER_BYTES_MIN RING_BUF_BYTES
#define GRAFT_BUFFERS_MAX      500u
#define GRAFT_POSTS_MAX        64u /* for each device */
#define GRAFT_WRITES_MAX       128u
_Static_assert(GRAFT_BUFFERS_MAX < RING_SLOTS, "there is always a free slot");

/* Buffers of a device with frames, the oldest first, as numbers + 1; 0: none. */
struct graft_queue {
    uint16_t first;
    uint16_t last;
};

/*
 * What only the code of the network functions uses, right above the ring: what it remembers, and the buffers.
 * The monitor knows of them what the entries in the ring say.
 */
struct graft_frames {
    uint64_t ready;    /* the devices with frames in buffers, as bits */
    uint64_t asked;    /* the devices of which it is known that there is nothing else, as bits */
    uint64_t known_at; /* since when, in ticks */
    uint64_t n_written;
    uint32_t last_write_end; /* where entry_head is when everything is sent */
    uint32_t is_started;     /* buffers are posted */
    uint32_t n_blind;        /* see yield.c */
    uint32_t n_blind_next;
    uint64_t usual_wait; /* ticks */
    struct graft_queue queues[MANIFEST_ENTRIES_MAX];
    uint16_t next[GRAFT_BUFFERS_MAX];      /* in the queue */
    uint8_t handles[GRAFT_BUFFERS_MAX];    /* of the device that a buffer is posted for */
    uint32_t lens[GRAFT_BUFFERS_MAX];      /* of the frame in it */
    uint32_t write_ends[GRAFT_WRITES_MAX]; /* where entry_head is when the buffer is free again */
    unsigned char buffers[] __attribute__((aligned(4096)));
};

#define GRAFT_FRAMES_BYTES (1u << 20)
_Static_assert(sizeof(struct graft_frames) + (GRAFT_BUFFERS_MAX * GRAFT_BUFFER_BYTES_MIN) <=
                   GRAFT_FRAMES_BYTES,
               "fits");

#endif
