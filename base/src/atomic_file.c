/* SPDX-License-Identifier: Apache-2.0 */
#include "base/atomic_file.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ATTEMPTS 16

static void random_name(char name[ATOMIC_FILE_NAME_SIZE])
{
    unsigned long long number = 0;
    if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
        number = (unsigned long long)getpid(); /* O_EXCL catches a collision */
    snprintf(name, ATOMIC_FILE_NAME_SIZE, ATOMIC_FILE_PREFIX "%016llx", number);
}

static int begin_named(struct atomic_file *file, mode_t mode, struct error *err)
{
    for (int i = 0; i < NAME_ATTEMPTS; i++) {
        random_name(file->name);
        file->fd = openat(file->dirfd, file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file->fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    file->name[0] = '\0';
    return error_errno(err, "create a temporary file");
}

int atomic_file_begin(struct atomic_file *file, int dirfd, mode_t mode, struct error *err)
{
    *file = ATOMIC_FILE_NONE;
    file->dirfd = dirfd;
    file->fd = openat(dirfd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
    if (file->fd >= 0)
        return 0;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
        return error_errno(err, "create a temporary file");
    return begin_named(file, mode, err);
}

/* Gives an unnamed file a name that must be free. Returns what linkat(2) does. */
static int link_unnamed(const struct atomic_file *file, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
    return linkat(AT_FDCWD, path, file->dirfd, name, AT_SYMLINK_FOLLOW);
}

/* rename(2) replaces, link(2) does not: an unnamed file takes a hidden name first. */
static int ensure_hidden_name(struct atomic_file *file)
{
    for (int i = 0; file->name[0] == '\0'; i++) {
        char name[ATOMIC_FILE_NAME_SIZE];
        random_name(name);
        if (link_unnamed(file, name) == 0)
            memcpy(file->name, name, sizeof(name));
        else if (errno != EEXIST || i == NAME_ATTEMPTS)
            return -1;
    }
    return 0;
}

static int give_name(struct atomic_file *file, const char *name, enum atomic_file_mode mode)
{
    if (mode == ATOMIC_FILE_KEEP && file->name[0] == '\0')
        return link_unnamed(file, name);
    if (ensure_hidden_name(file) != 0)
        return -1;
    unsigned int flags = mode == ATOMIC_FILE_KEEP ? RENAME_NOREPLACE : 0;
    if (renameat2(file->dirfd, file->name, file->dirfd, name, flags) != 0)
        return -1;
    file->name[0] = '\0';
    return 0;
}

int atomic_file_commit(struct atomic_file *file, const char *name, enum atomic_file_mode mode,
                       bool *out_existed, struct error *err)
{
    bool existed = false;

    if (fdatasync(file->fd) != 0)
        return error_errno(err, "write '%s' to disk", name);
    if (give_name(file, name, mode) != 0) {
        if (mode != ATOMIC_FILE_KEEP || errno != EEXIST)
            return error_errno(err, "name a file '%s'", name);
        existed = true;
    }
    if (fsync(file->dirfd) != 0)
        return error_errno(err, "write the directory of '%s' to disk", name);

    if (out_existed != NULL)
        *out_existed = existed;
    return 0;
}

void atomic_file_release(struct atomic_file *file)
{
    int saved = errno;
    if (file->name[0] != '\0')
        unlinkat(file->dirfd, file->name, 0);
    if (file->fd >= 0)
        close(file->fd);
    *file = ATOMIC_FILE_NONE;
    errno = saved;
}

int atomic_file_write(int dirfd, const char *name, const void *data, size_t size, mode_t mode,
                      struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    if (atomic_file_begin(&file, dirfd, mode, err) != 0)
        return error_wrap(err, "write '%s'", name);
    if (fd_write_all(file.fd, data, size, name, err) != 0)
        return -1;
    return atomic_file_commit(&file, name, ATOMIC_FILE_REPLACE, NULL, err);
}
