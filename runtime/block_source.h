/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's block devices: from what the plan says about each to extents and descriptors in the launch
 * message.
 *
 * An image of a tree (the root file system, a directory that is mounted) comes out of the store and is
 * private to the guest: what it writes vanishes with it. A file or block device of the host that is mounted
 * is a volume: the guest's writes go through to it.
 */
#ifndef BLOCK_SOURCE_H
#define BLOCK_SOURCE_H

#include "base/error.h"

struct launch_set;
struct plan;

/* Opens all block devices of the plan, in its order. store is the path of the store. */
int block_source_open(const struct plan *plan, const char *store, struct launch_set *set, struct error *err);

#endif
