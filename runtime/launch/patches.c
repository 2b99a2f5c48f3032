/* SPDX-License-Identifier: Apache-2.0 */
#include "patches.h"

#include "plan.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BLOCK_SIZE    4096u
#define DIRECT_BLOCKS 12u /* a larger file takes a block more, for pointers */
#define DEPTH_MAX     8

/* Mounted by engines into every container and of no use to a unikernel. */
static bool is_usual(const char *destination)
{
    static const char *const usual[] = {"/dev",         "/dev/shm", "/dev/termination-log", "/proc", "/run",
                                        "/run/secrets", "/sys",     "/sys/fs/cgroup"};
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (strcmp(destination, usual[i]) == 0)
            return true;
    return false;
}

static bool is_block_device(const struct plan *plan, const struct config_mount *mount)
{
    for (size_t i = 0; i < plan->n_blocks; i++)
        if (plan->blocks[i].source == UNIKERNEL_BLOCK_MOUNT &&
            strcmp(plan->blocks[i].path, mount->source) == 0)
            return true;
    return false;
}

static void drop(struct patches *patches, size_t n)
{
    while (patches->n > n) {
        const struct image_patch *item = &patches->items[--patches->n];
        free((void *)(uintptr_t)item->path);
        free((void *)(uintptr_t)item->data);
    }
}

/* Takes over path and data; what a later mount covers is replaced. */
static int add(struct patches *patches, char **path, char **data, size_t size, struct error *err)
{
    if (array_grow(&patches->items, &patches->room, patches->n + 1, sizeof(*patches->items),
                   "the mounted files", err) != 0)
        return -1;
    for (size_t i = 0; i < patches->n; i++) {
        struct image_patch *item = &patches->items[i];
        if (strcmp(item->path, *path) != 0)
            continue;
        free((void *)(uintptr_t)item->data);
        item->data = take_ptr(*data);
        item->size = size;
        return 0;
    }
    patches->items[patches->n++] =
        (struct image_patch){.path = take_ptr(*path), .data = take_ptr(*data), .size = size};
    return 0;
}

/* Counts what a file, or a directory of one block, takes. False: there is no room for it. */
static bool take_room(struct patches *patches, size_t size)
{
    size_t n_blocks = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
    n_blocks += n_blocks > DIRECT_BLOCKS;
    if (patches->n_blocks + n_blocks > PATCHES_BLOCKS_MAX || patches->n_inodes + 1 > PATCHES_INODES_MAX)
        return false;
    patches->n_blocks += n_blocks;
    patches->n_inodes++;
    return true;
}

/* --- one mount --- */

/* Why the guest does not see a mount. */
enum outcome { SEEN, TOO_LARGE, NO_FILES, IS_HIDING };

/* Reads the file behind an O_PATH descriptor. It must be known to be regular: opening anything else can have
 * effects. */
static int read_file(int path_fd, size_t size_max, const char *what, char **out_data, size_t *out_size,
                     struct error *err)
{
    char name[40];
    _cleanup_close_ int fd = -1;
    snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
    if (fd_open(AT_FDCWD, name, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return error_wrap(err, "%s", what);
    return fd_read_all(fd, size_max, out_data, out_size, what, err);
}

static int add_file(struct patches *patches, int path_fd, const char *destination, const struct stat *st,
                    enum outcome *outcome, struct error *err)
{
    _cleanup_free_ char *data = NULL, *path = NULL;
    size_t size = 0;
    if (st->st_size > (off_t)(PATCHES_BLOCKS_MAX * BLOCK_SIZE) || !take_room(patches, (size_t)st->st_size)) {
        *outcome = TOO_LARGE;
        return 0;
    }
    if (read_file(path_fd, (size_t)st->st_size, destination, &data, &size, err) < 0)
        return -1;
    path = strdup(destination);
    if (path == NULL)
        return error_errno(err, "read the mounted files");
    return add(patches, &path, &data, size, err);
}

/* A directory that is mounted, while it is read. */
struct walk {
    struct patches *patches;
    int root_fd;
    const char *destination;
    enum outcome *outcome;
};

static int add_tree(const struct walk *walk, const char *below, int depth, struct error *err);

/* One entry of a directory; below is its path in the mount. */
static int add_entry(const struct walk *walk, const char *below, int depth, struct error *err)
{
    _cleanup_close_ int fd = -1;
    char destination[PATH_MAX];
    struct error dangling;
    struct stat st;

    if (path_open_in_root(walk->root_fd, below, O_PATH, &fd, &dangling) < 0)
        return 0;
    if (fstat(fd, &st) < 0)
        return error_errno(err, "look at '%s'", below);
    if (S_ISDIR(st.st_mode))
        return add_tree(walk, below, depth + 1, err);
    if (!S_ISREG(st.st_mode))
        return 0;
    int n = snprintf(destination, sizeof(destination), "%s/%s", walk->destination, below);
    if (n < 0 || (size_t)n >= sizeof(destination)) {
        *walk->outcome = TOO_LARGE;
        return 0;
    }
    return add_file(walk->patches, fd, destination, &st, walk->outcome, err);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strncmp(entry->d_name, "..", 2) != 0;
}

/* Adds what is in a directory of the mount; "" is the mount itself. */
static int add_tree(const struct walk *walk, const char *below, int depth, struct error *err)
{
    _cleanup_close_ int fd = -1;
    struct dirent **entries = NULL;
    int result = 0;

    if (depth > DEPTH_MAX || !take_room(walk->patches, BLOCK_SIZE)) {
        *walk->outcome = TOO_LARGE;
        return 0;
    }
    if (path_open_in_root(walk->root_fd, below[0] != '\0' ? below : ".", O_RDONLY | O_DIRECTORY, &fd, err) <
        0)
        return -1;
    int n = scandirat(fd, ".", &entries, is_shown, compare_names);
    if (n < 0)
        return error_errno(err, "read '%s/%s'", walk->destination, below);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        int size =
            snprintf(path, sizeof(path), "%s%s%s", below, below[0] != '\0' ? "/" : "", entries[i]->d_name);
        if (size < 0 || (size_t)size >= sizeof(path))
            *walk->outcome = TOO_LARGE;
        if (result == 0 && *walk->outcome == SEEN)
            result = add_entry(walk, path, depth, err);
        free(entries[i]);
    }
    free(entries);
    return result;
}

/* Whether a directory shows the kernel's own objects, which are no files to copy. */
static bool is_kernel_directory(int fd)
{
    static const unsigned magics[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,   CGROUP_SUPER_MAGIC,
                                      CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
                                      SECURITYFS_MAGIC,    BPF_FS_MAGIC,  DEVPTS_SUPER_MAGIC};
    struct statfs fs;
    if (fstatfs(fd, &fs) < 0)
        return true;
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if ((unsigned)fs.f_type == magics[i])
            return true;
    return false;
}

/* Whether the root file system has files where a directory is to be mounted. */
static bool has_files(const struct plan *plan, const char *destination)
{
    _cleanup_close_ int fd = -1;
    _cleanup_closedir_ DIR *dir = NULL;
    struct error missing;
    if (path_open_in_root(plan->rootfs_fd, destination, O_RDONLY | O_DIRECTORY, &fd, &missing) < 0)
        return false;
    dir = fdopendir(fd);
    if (dir == NULL)
        return true;
    take_fd(&fd); /* closed by closedir */
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return true;
    return false;
}

static int add_mount(const struct plan *plan, const struct config_mount *mount, struct patches *patches,
                     enum outcome *outcome, struct error *err)
{
    _cleanup_close_ int fd = -1;
    struct stat st;
    if (fd_open(AT_FDCWD, mount->source, O_PATH, 0, &fd, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return error_errno(err, "look at '%s'", mount->source);
    /* The directories on the way may have to be made. */
    for (const char *p = mount->destination + 1; (p = strchr(p, '/')) != NULL; p++)
        if (!take_room(patches, BLOCK_SIZE))
            *outcome = TOO_LARGE;
    if (*outcome != SEEN)
        return 0;
    if (S_ISREG(st.st_mode))
        return add_file(patches, fd, mount->destination, &st, outcome, err);
    *outcome = !S_ISDIR(st.st_mode) || is_kernel_directory(fd) ? NO_FILES
               : has_files(plan, mount->destination)           ? IS_HIDING
                                                               : SEEN;
    if (*outcome != SEEN)
        return 0;
    const struct walk walk = {
        .patches = patches, .root_fd = fd, .destination = mount->destination, .outcome = outcome};
    return add_tree(&walk, "", 0, err);
}

static void warn(const struct config_mount *mount, enum outcome outcome)
{
    static const char *const causes[] = {[TOO_LARGE] = "it is too large to be put into the guest's image",
                                         [NO_FILES] = "it is neither a file nor a directory of files",
                                         [IS_HIDING] = "the root file system has files there"};
    log_line(LOG_LEVEL_WARNING,
             "mount \"%s\": the guest does not see it, as %s; give it a block device with the annotation "
             "dev.wherry.block.NAME",
             mount->destination, causes[outcome]);
}

int patches_collect(const struct plan *plan, struct patches *out, struct error *err)
{
    _cleanup_(patches_release) struct patches patches = PATCHES_NONE;

    for (size_t i = 0; i < plan->config->n_mounts; i++) {
        const struct config_mount *mount = &plan->config->mounts[i];
        const struct patches before = patches;
        enum outcome outcome = SEEN;
        if (!mount->is_bind || mount->source == NULL || is_block_device(plan, mount))
            continue;
        if (add_mount(plan, mount, &patches, &outcome, err) < 0)
            return error_wrap(err, "mount \"%s\"", mount->destination);
        if (outcome == SEEN)
            continue;
        drop(&patches, before.n);
        patches.n_blocks = before.n_blocks;
        patches.n_inodes = before.n_inodes;
        if (!is_usual(mount->destination))
            warn(mount, outcome);
    }
    *out = patches;
    patches = PATCHES_NONE;
    return 0;
}

void patches_release(struct patches *patches)
{
    drop(patches, 0);
    free(patches->items);
    *patches = PATCHES_NONE;
}
