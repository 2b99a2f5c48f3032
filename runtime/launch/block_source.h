/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's block devices: from what the plan says about each to extents and descriptors in the launch
 * message.
 *
 * An image of a tree (the root file system, a directory that is mounted) comes out of the store. What is
 * written to it vanishes with the guest, or is kept in a delta file of the store. A file or block device of
 * the host that is mounted is a volume: the guest's writes go through to it. Neither a volume nor a delta
 * file that is written to is open to two containers.
 */
#ifndef BLOCK_SOURCE_H
#define BLOCK_SOURCE_H

#include "base/error.h"

struct launch_set;
struct plan;

struct block_source_request {
    const struct plan *plan;
    const char *store; /* the path of the store */
    const char *root;  /* where the container's state is kept, and */
    const char *id;    /* its id: together they say whose writes are kept */
};

/* Opens all block devices of the plan, in its order, into a launch message. */
int block_source_open(const struct block_source_request *request, struct launch_set *set, struct error *err);

#endif
