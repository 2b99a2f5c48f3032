/* SPDX-License-Identifier: Apache-2.0 */
#include "verified.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/fsverity.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool verified_file_at(int dirfd, const char *name, struct verified_file *out)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0)
        return false;
    *out = (struct verified_file){.ino = (uint64_t)st.st_ino,
                                  .size = (uint64_t)st.st_size,
                                  .mtime_s = st.st_mtim.tv_sec,
                                  .mtime_ns = st.st_mtim.tv_nsec};
    return true;
}

bool verified_find(const struct store *store, const char *key, const struct verified_file *files, size_t n)
{
    size_t size = n * sizeof(*files);
    _cleanup_close_ int fd = openat(store->verified_fd, key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_free_ char *seen = fd < 0 ? NULL : malloc(size + 1);
    return seen != NULL && pread(fd, seen, size + 1, 0) == (ssize_t)size && memcmp(seen, files, size) == 0;
}

void verified_add(const struct store *store, const char *key, const struct verified_file *files, size_t n)
{
    unlinkat(store->verified_fd, key, 0);
    _cleanup_close_ int fd =
        openat(store->verified_fd, key, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    /* Half a mark is none. */
    if (fd >= 0 && write(fd, files, n * sizeof(*files)) < 0)
        unlinkat(store->verified_fd, key, 0);
}

void verified_remove(const struct store *store, const char *key)
{
    unlinkat(store->verified_fd, key, 0);
}

static void remove_boot(int all_fd, const char *boot)
{
    int fd = openat(all_fd, boot, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    unlinkat(all_fd, boot, AT_REMOVEDIR);
}

void verified_remove_others(int all_fd, const char *boot)
{
    int fd = openat(all_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, boot) != 0)
            remove_boot(all_fd, entry->d_name);
}

void verified_enable_verity(int fd)
{
    struct fsverity_enable_arg arg = {
        .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096};
    /* What the file system cannot do it does not do: the digests remain. */
    (void)ioctl(fd, FS_IOC_ENABLE_VERITY, &arg);
}
