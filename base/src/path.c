/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_resolved(int dirfd, const char *path, int flags, uint64_t resolve, int *out_fd,
                         struct error *err)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
    long fd;

    /* A rename elsewhere in the tree during the walk makes openat2 give up with EAGAIN: nothing is wrong. */
    do {
        fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    if (fd < 0)
        return error_errno(err, "open '%s'", path);

    *out_fd = (int)fd;
    return 0;
}

int path_open_in_root(int root_fd, const char *path, int flags, int *out_fd, struct error *err)
{
    return open_resolved(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, out_fd, err);
}

int path_open_beneath(int dirfd, const char *path, int flags, int *out_fd, struct error *err)
{
    return open_resolved(dirfd, path, flags | O_NOFOLLOW,
                         RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, out_fd, err);
}

int path_make_dirs(const char *path, mode_t mode, struct error *err)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(part))
        return error_set(err, ERROR_INPUT, "make directory '%.200s': the path is empty or too long", path);
    memcpy(part, path, length + 1);

    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return error_errno(err, "make directory '%s'", part);
        part[i] = path[i];
    }

    struct stat st;
    if (stat(path, &st) != 0)
        return error_errno(err, "make directory '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return error_number(err, ENOTDIR, "make directory '%s'", path);
    return 0;
}
