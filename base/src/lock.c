/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Locks fd. Returns 1 when it is locked, 0 when it is busy and wait is false, -1 with errno. */
static int set_lock(int fd, enum lock_mode mode, bool wait)
{
    struct flock range = {.l_type = mode == LOCK_SHARED ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};
    for (;;) {
        if (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range) == 0)
            return 1;
        if (!wait && (errno == EAGAIN || errno == EACCES))
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

/* Tells whether name still leads to the file behind fd. A lock on a removed file excludes nobody. */
static bool is_current(int dirfd, const char *name, int fd)
{
    struct stat named, held;
    return fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &held) == 0 &&
           named.st_ino == held.st_ino && named.st_dev == held.st_dev;
}

int lock_acquire(int dirfd, const char *name, enum lock_mode mode, bool wait, int *out_fd, struct error *err)
{
    for (;;) {
        _cleanup_close_ int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return error_errno(err, "open the lock '%s'", name);
        int locked = set_lock(fd, mode, wait);
        if (locked < 0)
            return error_errno(err, "lock '%s'", name);
        if (locked == 0) {
            *out_fd = -1;
            return 0;
        }
        if (is_current(dirfd, name, fd)) {
            *out_fd = take_fd(&fd);
            return 0;
        }
    }
}

void lock_remove(int dirfd, const char *name, int *fd)
{
    if (*fd < 0)
        return;
    unlinkat(dirfd, name, 0);
    close(take_fd(fd));
}
