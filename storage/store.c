/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "verified.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36

static int open_dir(int parent_fd, const char *name, int *out_fd, struct error *err)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    *out_fd = openat(parent_fd, name, flags);
    if (*out_fd >= 0)
        return 0;
    if (errno != ENOENT || (mkdirat(parent_fd, name, 0700) != 0 && errno != EEXIST))
        return error_errno(err, "make directory '%s'", name);
    *out_fd = openat(parent_fd, name, flags);
    if (*out_fd < 0)
        return error_errno(err, "open directory '%s'", name);
    return 0;
}

static int open_verified(int root_fd, int *out_fd, struct error *err)
{
    char boot[BOOT_ID_SIZE + 1] = "";
    _cleanup_close_ int id_fd = -1, all_fd = -1;

    if (fd_open(AT_FDCWD, BOOT_ID_PATH, O_RDONLY, 0, &id_fd, err) != 0 ||
        fd_read_exactly(id_fd, boot, BOOT_ID_SIZE, BOOT_ID_PATH, err) != 0)
        return -1;
    if (open_dir(root_fd, "verified", &all_fd, err) != 0)
        return -1;
    bool is_new = faccessat(all_fd, boot, F_OK, 0) != 0;
    if (open_dir(all_fd, boot, out_fd, err) != 0)
        return -1;
    if (is_new)
        verified_remove_others(all_fd, boot);
    return 0;
}

static int open_root(const char *path, int *out_fd, struct error *err)
{
    *out_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out_fd >= 0)
        return 0;
    if (errno != ENOENT)
        return error_errno(err, "open it");
    if (path_make_dirs(path, 0700, err) != 0)
        return -1;
    *out_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out_fd < 0)
        return error_errno(err, "open it");
    return 0;
}

int store_open(const char *path, struct store **out, struct error *err)
{
    _cleanup_close_ int root_fd = -1;
    struct store *store = malloc(sizeof(*store));
    if (store == NULL)
        return error_errno(err, "open the store '%s'", path);
    *store = (struct store){-1, -1, -1, -1, -1, -1, NULL};
    store->path = strdup(path);

    if (store->path == NULL) {
        store_close(store);
        return error_errno(err, "open the store '%s'", path);
    }
    if (open_root(path, &root_fd, err) != 0 || open_dir(root_fd, "data", &store->data_fd, err) != 0 ||
        open_dir(root_fd, "img", &store->img_fd, err) != 0 ||
        open_dir(root_fd, "lock", &store->lock_fd, err) != 0 ||
        open_dir(root_fd, "delta", &store->delta_fd, err) != 0 ||
        open_dir(root_fd, "archive", &store->archive_fd, err) != 0 ||
        open_verified(root_fd, &store->verified_fd, err) != 0) {
        store_close(store);
        return error_wrap(err, "open the store '%s'", path);
    }
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    cleanup_close(&store->data_fd);
    cleanup_close(&store->img_fd);
    cleanup_close(&store->lock_fd);
    cleanup_close(&store->verified_fd);
    cleanup_close(&store->delta_fd);
    cleanup_close(&store->archive_fd);
    free(store->path);
    free(store);
}
