/* SPDX-License-Identifier: Apache-2.0 */
#include "state_dir.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD     "record"
#define RECORD_NEW "record.new"

/* Far more than LAUNCH_NETS_MAX devices and four long paths take. */
#define RECORD_SIZE_MAX (1u << 20)

/* runc's mode: others may pass through, as hooks and monitors of other users do, but not look around. */
#define ROOT_MODE 0711

/* containerd's shim looks for the last three words when it deletes and kills. */
static int not_found(const char *id, struct error *err)
{
    return error_set(err, ERROR_NOT_FOUND, "container '%s' does not exist", id);
}

/* The directory may be removed by another process between its opening and its locking: the links tell. */
int state_dir_lock(const struct state_dir *dir, struct error *err)
{
    struct stat st;
    while (flock(dir->fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(err, "lock the state of '%s'", dir->id);
    if (fstat(dir->fd, &st) < 0)
        return error_errno(err, "look at the state of '%s'", dir->id);
    return st.st_nlink == 0 ? not_found(dir->id, err) : 0;
}

int state_dir_open(const char *root, const char *id, struct state_dir *out, struct error *err)
{
    _cleanup_(state_dir_close) struct state_dir dir = STATE_DIR_NONE;

    dir.root_fd = open(root, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (dir.root_fd < 0 && errno == ENOENT)
        return not_found(id, err);
    if (dir.root_fd < 0)
        return error_errno(err, "open '%s'", root);
    dir.fd = openat(dir.root_fd, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (dir.fd < 0 && errno == ENOENT)
        return not_found(id, err);
    if (dir.fd < 0)
        return error_errno(err, "open '%s/%s'", root, id);
    dir.id = strdup(id);
    if (dir.id == NULL)
        return error_errno(err, "open '%s/%s'", root, id);
    *out = dir;
    dir = STATE_DIR_NONE;
    return 0;
}

int state_dir_create(const char *root, const char *id, struct state_dir *out, struct error *err)
{
    _cleanup_free_ char *path = NULL;

    if (path_make_dirs(root, ROOT_MODE, err) < 0)
        return -1;
    if (asprintf(&path, "%s/%s", root, id) < 0) {
        path = NULL;
        return error_errno(err, "claim the id '%s'", id);
    }
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST
                   ? error_set(err, ERROR_STATE, "container with given ID already exists: '%s'", id)
                   : error_errno(err, "make '%s'", path);
    if (state_dir_open(root, id, out, err) < 0) {
        (void)rmdir(path);
        return -1;
    }
    if (state_dir_lock(out, err) < 0) {
        state_dir_close(out);
        (void)rmdir(path);
        return -1;
    }
    return 0;
}

int state_dir_save(const struct state_dir *dir, const struct state_record *record, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    size_t size;

    if (state_record_format(record, &text, &size, err) < 0)
        return -1;
    if (fd_open(dir->fd, RECORD_NEW, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, err) < 0)
        return -1;
    if (fd_write_all(fd, text, size, "state record", err) < 0)
        return -1;
    if (renameat(dir->fd, RECORD_NEW, dir->fd, RECORD) < 0)
        return error_errno(err, "replace the state record of '%s'", dir->id);
    return 0;
}

int state_dir_load(const struct state_dir *dir, struct state_record *out_record, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    _cleanup_close_ int fd = openat(dir->fd, RECORD, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        struct stat st;
        if (fstat(dir->fd, &st) == 0 && st.st_nlink == 0)
            return not_found(dir->id, err);
        *out_record = (struct state_record){0};
        return 0;
    }
    if (fd < 0)
        return error_errno(err, "open the state record of '%s'", dir->id);
    if (fd_read_all(fd, RECORD_SIZE_MAX, &text, &size, "the state record", err) < 0)
        return -1;
    if (state_record_parse(text, out_record, err) < 0)
        return error_wrap(err, "container '%s'", dir->id);
    return 0;
}

int state_dir_remove(const struct state_dir *dir, struct error *err)
{
    static const char *const files[] = {STATE_DIR_CONTROL, STATE_DIR_STATUS, STATE_DIR_CONFIG, RECORD_NEW,
                                        RECORD};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (unlinkat(dir->fd, files[i], 0) < 0 && errno != ENOENT)
            return error_errno(err, "remove '%s' of container '%s'", files[i], dir->id);
    if (unlinkat(dir->root_fd, dir->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return error_errno(err, "remove the state of container '%s'", dir->id);
    return 0;
}

void state_dir_close(struct state_dir *dir)
{
    cleanup_close(&dir->fd);
    cleanup_close(&dir->root_fd);
    free(dir->id);
    *dir = STATE_DIR_NONE;
}

static int is_candidate(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
           (entry->d_type == DT_DIR || entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN);
}

int state_dir_list(const char *root, char ***out_ids, size_t *out_n, struct error *err)
{
    struct dirent **entries = NULL;
    int n = scandir(root, &entries, is_candidate, alphasort);

    if (n < 0 && errno != ENOENT)
        return error_errno(err, "list '%s'", root);
    n = n < 0 ? 0 : n;
    char **ids = calloc((size_t)n + 1, sizeof(*ids));
    bool has_failed = ids == NULL;
    for (int i = 0; i < n; i++) {
        if (!has_failed)
            has_failed = (ids[i] = strdup(entries[i]->d_name)) == NULL;
        free(entries[i]);
    }
    free(entries);
    if (has_failed) {
        for (int i = 0; ids != NULL && i < n; i++)
            free(ids[i]);
        free(ids);
        return error_errno(err, "list '%s'", root);
    }
    *out_ids = ids;
    *out_n = (size_t)n;
    return 0;
}
