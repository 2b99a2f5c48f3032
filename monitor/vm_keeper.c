/* SPDX-License-Identifier: Apache-2.0 */
#include "vm_keeper.h"

#include "base/error.h"
#include "base/fd.h"

#include <sys/socket.h>

void vm_keeper_open(struct vm_keeper *out)
{
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, out->fds) < 0)
        out->fds[0] = out->fds[1] = -1;
}

/* The second socket is sent to itself: then it is in its own queue. Closing the first, which is in none, is
 * what calls the collector. */
void vm_keeper_keep(const struct vm_keeper *keeper, int vm_fd)
{
    static const char byte;
    const int fds[] = {keeper->fds[1], vm_fd};
    struct error ignored; /* a user may have only so many descriptors in flight */

    if (keeper->fds[0] >= 0)
        (void)fd_send(keeper->fds[0], &byte, sizeof(byte), fds, 2, &ignored);
}
