/* SPDX-License-Identifier: Apache-2.0 */
/* A launch message while it is put together: the message, and its descriptors in the same order. */
#ifndef LAUNCH_SET_H
#define LAUNCH_SET_H

#include "base/error.h"
#include "monitor/launch.h"

#include <stddef.h>
#include <stdint.h>

struct launch_set {
    struct launch_message *message;
    int fds[LAUNCH_FDS_MAX]; /* the set's own */
};

/* *out is the caller's: launch_set_free. label is the container's id, for reports; it is cut if it is long.
 */
int launch_set_new(const char *label, struct launch_set **out, struct error *err);

void launch_set_free(struct launch_set *set);

static inline void launch_set_freep(struct launch_set **set)
{
    launch_set_free(*set);
}

/* Adds a descriptor, which from here on is the set's, also on failure. device is an index of message->blocks.
 */
int launch_set_add(struct launch_set *set, enum launch_fd_role role, size_t device, int fd,
                   struct error *err);

/* Adds a block device without its descriptors. *out_device is its index. */
int launch_set_add_block(struct launch_set *set, const struct launch_block *block, size_t *out_device,
                         struct error *err);

#endif
