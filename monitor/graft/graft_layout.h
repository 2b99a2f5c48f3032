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
_Static_assert(sizeof(struct graft_table) <= LOW_GRAFT_END - LOW_GRAFT_TABLE, "fits");

#endif
