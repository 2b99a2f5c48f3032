/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The lease is a lock on a file of the image, and the kernel tells who took it, which is a process
 * that is long gone: what counts is who has the file still, as a descriptor or as a mapping. Both are in
 * /proc.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "storage/catalog.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAPS_MAX (16u << 20)

static bool has_open(int proc_fd, const char *pid, const struct stat *file)
{
    char path[NAME_MAX + 8];
    snprintf(path, sizeof(path), "%s/fd", pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return false;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (entry->d_name[0] != '.' && fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 &&
            st.st_dev == file->st_dev && st.st_ino == file->st_ino)
            return true;
    }
    return false;
}

/* A line is "START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH". */
static bool has_mapped(int proc_fd, const char *pid, const struct stat *file)
{
    char path[NAME_MAX + 8], wanted[64];
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    struct error ignored;
    size_t size;
    snprintf(path, sizeof(path), "%s/maps", pid);
    snprintf(wanted, sizeof(wanted), " %02x:%02x %llu ", major(file->st_dev), minor(file->st_dev),
             (unsigned long long)file->st_ino);
    return fd_open(proc_fd, path, O_RDONLY, 0, &fd, &ignored) == 0 &&
           fd_read_all(fd, MAPS_MAX, &text, &size, path, &ignored) == 0 &&
           memmem(text, size, wanted, strlen(wanted)) != NULL;
}

static int add_pid(pid_t **pids, size_t *n, pid_t pid, struct error *err)
{
    pid_t *grown = reallocarray(*pids, *n + 1, sizeof(*grown));
    if (grown == NULL)
        return error_errno(err, "list processes");
    *pids = grown;
    grown[(*n)++] = pid;
    return 0;
}

int catalog_users(struct store *store, const char *key, pid_t **out, size_t *out_n, struct error *err)
{
    char path[STORE_KEY_SIZE + 8];
    struct stat file;
    _cleanup_free_ pid_t *pids = NULL;
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/meta", key);
    if (fstatat(store->img_fd, path, &file, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, "examine the image '%s'", key);
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return error_errno(err, "list processes");
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        if (pid > 0 && pid != getpid() &&
            (has_open(fd, entry->d_name, &file) || has_mapped(fd, entry->d_name, &file)) &&
            add_pid(&pids, &n, pid, err) != 0)
            return -1;
    }
    *out = take_ptr(pids);
    *out_n = n;
    return 0;
}
