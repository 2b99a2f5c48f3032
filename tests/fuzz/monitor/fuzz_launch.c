/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any launch message. So that an input is short, it is the message's head, BLOCKS blocks, and then as many
 * descriptors' roles as remain; the rest of the message is zero.
 */
#include "base/bug.h"
#include "launch.h"

#include <stdint.h>
#include <string.h>

#define BLOCKS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *to, size_t want, const uint8_t **data, size_t *size)
{
    size_t n = want < *size ? want : *size;
    memcpy(to, *data, n);
    *data += n;
    *size -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct launch launch;
    static int fds[LAUNCH_FDS_MAX];
    struct launch_message *message = &launch.message;
    struct error err = {0};
    size_t given = size;

    memset(message, 0, sizeof(*message));
    take(message, offsetof(struct launch_message, blocks), &data, &size);
    take(message->blocks, BLOCKS * sizeof(message->blocks[0]), &data, &size);
    take(message->fds, sizeof(message->fds), &data, &size);
    BUG_ON(launch_check(message, given % sizeof(*message), &err) == 0);
    if (launch_check(message, sizeof(*message), &err) < 0) {
        BUG_ON(err.kind != ERROR_INPUT || strncmp(err.text, "launch message: ", 16) != 0);
        return 0;
    }

    for (uint32_t i = 0; i < message->n_fds; i++)
        launch.fds[i] = (int)i;
    BUG_ON(launch_get_fd(&launch, LAUNCH_FD_KVM, 0) < 0 || launch_get_fd(&launch, LAUNCH_FD_GUEST, 0) < 0);
    for (uint32_t i = 0; i < message->n_blocks; i++) {
        BUG_ON(launch_get_fd(&launch, LAUNCH_FD_EXTENTS, i) < 0);
        BUG_ON(launch_take_data(&launch, i, fds) > message->n_fds);
    }
    return 0;
}
