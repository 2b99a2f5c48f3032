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
#include "x86_64/low_memory.h"

#include <stddef.h>
#include <stdint.h>

/* The code begins with a list of these; one without a name ends it. */
struct graft_function {
    uint64_t entry; /* a guest address */
    char name[24];  /* of the function of Solo5's library that it stands in for */
};
_Static_assert(sizeof(struct graft_function) == 32, "as functions.S has it");

/* A block device, by its handle. */
struct graft_block {
    GUEST_PTR(const unsigned char *) window; /* shows the device from its beginning */
    uint64_t window_bytes;                   /* 0: there is no window */
    uint64_t block_size;                     /* 0: this handle is no block device */
};

/* At LOW_GRAFT_TABLE. */
struct graft_table {
    struct graft_block blocks[MANIFEST_ENTRIES_MAX];
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

#endif
