/* SPDX-License-Identifier: Apache-2.0 */
#include "launch_set.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int launch_set_new(const char *label, struct launch_set **out, struct error *err)
{
    struct launch_set *set = calloc(1, sizeof(*set));
    if (set != NULL)
        set->message = calloc(1, sizeof(*set->message));
    if (set == NULL || set->message == NULL) {
        free(set);
        return error_errno(err, "make the launch message");
    }
    set->message->magic = LAUNCH_MAGIC;
    set->message->version = LAUNCH_VERSION;
    set->message->size = sizeof(*set->message);
    snprintf(set->message->label, sizeof(set->message->label), "%.*s", LAUNCH_LABEL_SIZE - 1, label);
    *out = set;
    return 0;
}

void launch_set_free(struct launch_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->message->n_fds; i++)
        close(set->fds[i]);
    free(set->message);
    free(set);
}

int launch_set_add(struct launch_set *set, enum launch_fd_role role, size_t device, int fd, struct error *err)
{
    struct launch_message *message = set->message;
    if (message->n_fds == LAUNCH_FDS_MAX) {
        close(fd);
        return error_set(err, ERROR_REFUSED, "the guest's block devices consist of more than %d files",
                         LAUNCH_FDS_MAX);
    }
    message->fds[message->n_fds].role = (uint16_t)role;
    message->fds[message->n_fds].device = (uint16_t)device;
    set->fds[message->n_fds] = fd;
    message->n_fds++;
    return 0;
}

int launch_set_add_block(struct launch_set *set, const struct launch_block *block, size_t *out_device,
                         struct error *err)
{
    if (set->message->n_blocks == LAUNCH_BLOCKS_MAX)
        return error_set(err, ERROR_REFUSED, "more than %d block devices", LAUNCH_BLOCKS_MAX);
    *out_device = set->message->n_blocks;
    set->message->blocks[set->message->n_blocks++] = *block;
    return 0;
}
