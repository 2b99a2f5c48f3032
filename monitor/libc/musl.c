/* SPDX-License-Identifier: Apache-2.0 */
#include "musl.h"

#include <sys/syscall.h>
#include <unistd.h>

ssize_t pwritev2(int fd, const struct iovec *iov, int n, off_t off, int flags)
{
    /* The sixth argument is taken from the stack, whole: filters look at all of it. */
    return syscall(SYS_pwritev2, fd, iov, n, off, 0L, (long)flags);
}

int fsopen(const char *type, unsigned flags)
{
    return (int)syscall(SYS_fsopen, type, flags);
}

int fsconfig(int fd, unsigned command, const char *key, const void *value, int extra)
{
    return (int)syscall(SYS_fsconfig, fd, command, key, value, extra);
}

int fsmount(int fd, unsigned flags, unsigned attributes)
{
    return (int)syscall(SYS_fsmount, fd, flags, attributes);
}
