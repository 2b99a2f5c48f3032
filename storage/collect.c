/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Who opens an image holds a shared flock on its generated part; the collector takes the exclusive
 * one without waiting, renames the image's directory to a hidden name while it holds it, and then takes its
 * time. Somebody who waited for the lock meanwhile finds the name gone and builds anew. Packs and leftovers
 * have no such owner until an image links them: builders hold STORE_COLLECT_LOCK shared while they build, and
 * the collector sweeps only when it gets it exclusively, at once. A pack whose only link is its name is
 * unneeded.
 */
#include "storage/catalog.h"

#include "archive_pack.h"
#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/lock.h"
#include "image_object.h"
#include "verified.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

static bool is_hidden(const char *name)
{
    return strncmp(name, ATOMIC_FILE_PREFIX, strlen(ATOMIC_FILE_PREFIX)) == 0;
}

/* Bytes on disk that go with an image's directory: packs stay for now. */
static uint64_t own_bytes(const struct store *store, const char *name)
{
    static const char *const files[] = {"info", "map", "meta"};
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[STORE_KEY_SIZE + 8];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", name, files[i]);
        if (fstatat(store->img_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
            n += (uint64_t)st.st_blocks * 512;
    }
    return n;
}

/* Takes an image's name away under its exclusive lock. *out_busy: it is in use. */
static int hide(const struct store *store, const char *key, char hidden[ATOMIC_FILE_NAME_SIZE],
                bool *out_busy, struct error *err)
{
    char path[STORE_KEY_SIZE + 8];
    unsigned long long number = 0;
    snprintf(path, sizeof(path), "%s/meta", key);
    _cleanup_close_ int fd = openat(store->img_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *out_busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (*out_busy)
        return 0;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        return error_errno(err, "choose a name");
    snprintf(hidden, ATOMIC_FILE_NAME_SIZE, ATOMIC_FILE_PREFIX "%016llx", number);
    if (renameat2(store->img_fd, key, store->img_fd, hidden, RENAME_NOREPLACE) != 0)
        return error_errno(err, "remove the image '%s'", key);
    return 0;
}

static int remove_image(const struct store *store, const char *key, bool *out_busy, uint64_t *freed,
                        struct error *err)
{
    char hidden[ATOMIC_FILE_NAME_SIZE];
    if (hide(store, key, hidden, out_busy, err) != 0)
        return -1;
    if (*out_busy)
        return 0;
    verified_remove(store, key);
    *freed += own_bytes(store, hidden);
    return image_object_remove_dir(store, hidden, err);
}

int catalog_remove(struct store *store, const char *key, struct error *err)
{
    bool busy;
    uint64_t freed = 0;
    if (strlen(key) != STORE_KEY_SIZE - 1 || strchr(key, '/') != NULL)
        return error_set(err, ERROR_INPUT, "'%s' is no image's key", key);
    if (remove_image(store, key, &busy, &freed, err) != 0) {
        if (err->errnum == ENOENT)
            return error_set(err, ERROR_NOT_FOUND, "the store '%s' has no image '%s'", store->path, key);
        return -1;
    }
    if (busy)
        return error_set(err, ERROR_STATE, "the image '%s' is in use", key);
    return 0;
}

/* An image that may go. */
struct candidate {
    char key[STORE_KEY_SIZE];
    struct timespec last_used;
};

struct candidates {
    struct candidate *items;
    size_t n;
};

static void candidates_release(struct candidates *candidates)
{
    free(candidates->items);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *ca = a, *cb = b;
    if (ca->last_used.tv_sec != cb->last_used.tv_sec)
        return ca->last_used.tv_sec < cb->last_used.tv_sec ? -1 : 1;
    if (ca->last_used.tv_nsec != cb->last_used.tv_nsec)
        return ca->last_used.tv_nsec < cb->last_used.tv_nsec ? -1 : 1;
    return strcmp(ca->key, cb->key);
}

/* Lists the images that were not used for min_age seconds, the longest unused first. */
static int list_candidates(const struct store *store, int64_t min_age, struct candidates *out,
                           struct error *err)
{
    int fd = openat(store->img_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct timespec now;
    if (dir == NULL)
        return error_errno(err, "read the images");
    /* Not time(2): its clock lags behind the file system's by up to a tick, which makes new images of the
     * future. */
    clock_gettime(CLOCK_REALTIME, &now);

    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= STORE_KEY_SIZE ||
            fstatat(store->img_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            now.tv_sec - st.st_mtim.tv_sec < min_age)
            continue;
        struct candidate *grown = reallocarray(out->items, out->n + 1, sizeof(*grown));
        if (grown == NULL)
            return error_errno(err, "list the images");
        out->items = grown;
        grown[out->n].last_used = st.st_mtim;
        strcpy(grown[out->n++].key, entry->d_name);
    }
    if (out->n > 1)
        qsort(out->items, out->n, sizeof(*out->items), compare_candidates);
    return 0;
}

/* Bytes on disk of a directory's files; of packs, each once. */
static uint64_t bytes_in(int dirfd)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    uint64_t n = 0;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        struct stat st;
        if (entry->d_name[0] != '.' && fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            n += (uint64_t)st.st_blocks * 512;
    }
    return n;
}

/* Bytes on disk of the packs that nobody but this image has. */
static uint64_t lone_pack_bytes(const struct store *store, const char *key)
{
    int fd = openat(store->img_fd, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    uint64_t n = 0;
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        struct stat st;
        /* Two links: the pack's own name and this image's. */
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_nlink == 2)
            n += (uint64_t)st.st_blocks * 512;
    }
    return n;
}

/* What the store takes on disk. */
static int measure(const struct store *store, uint64_t *out, struct error *err)
{
    struct candidates all = {.n = 0};
    int failed = list_candidates(store, INT64_MIN, &all, err);
    *out = bytes_in(store->data_fd);
    for (size_t i = 0; i < all.n; i++)
        *out += own_bytes(store, all.items[i].key);
    candidates_release(&all);
    return failed;
}

static int collect_images(const struct store *store, const struct catalog_limits *limits,
                          struct catalog_collected *out, struct error *err)
{
    _cleanup_(candidates_release) struct candidates candidates = {.n = 0};
    uint64_t left = UINT64_MAX;
    if (list_candidates(store, limits->min_age, &candidates, err) != 0 ||
        (limits->max_bytes > 0 && measure(store, &left, err) != 0))
        return -1;
    for (size_t i = 0; i < candidates.n && left > limits->max_bytes; i++) {
        const char *key = candidates.items[i].key;
        uint64_t before = out->freed_bytes, packs = lone_pack_bytes(store, key);
        bool busy;
        if (remove_image(store, key, &busy, &out->freed_bytes, err) != 0) {
            if (err->errnum == ENOENT)
                continue; /* another collector was faster */
            return -1;
        }
        if (busy)
            continue;
        out->n_images++;
        uint64_t gone = out->freed_bytes - before + packs;
        left = left > gone ? left - gone : 0;
    }
    return 0;
}

/* Removes what dead builders left in a directory, and, if it holds packs, those that no image has. */
static int sweep(const struct store *store, int dirfd, bool has_packs, struct catalog_collected *out,
                 struct error *err)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return error_errno(err, "read the store");
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct stat st;
        bool hidden = is_hidden(entry->d_name);
        if ((entry->d_name[0] == '.' && !hidden) ||
            fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (!hidden && (!has_packs || st.st_nlink > 1))
            continue;
        if (S_ISDIR(st.st_mode)) {
            if (image_object_remove_dir(store, entry->d_name, err) != 0)
                return -1;
        } else if (unlinkat(dirfd, entry->d_name, 0) != 0 && errno != ENOENT) {
            return error_errno(err, "remove '%s'", entry->d_name);
        } else {
            out->freed_bytes += (uint64_t)st.st_blocks * 512;
            verified_remove(store, entry->d_name);
        }
        out->n_leftovers += hidden;
        out->n_packs += !hidden;
    }
    return 0;
}

int catalog_collect(struct store *store, const struct catalog_limits *limits, struct catalog_collected *out,
                    struct error *err)
{
    _cleanup_close_ int lock = -1;
    struct catalog_collected collected = {.is_partial = false};

    if (collect_images(store, limits, &collected, err) != 0 ||
        lock_acquire(store->lock_fd, STORE_COLLECT_LOCK, LOCK_EXCLUSIVE, false, &lock, err) != 0)
        return error_wrap(err, "collect garbage in the store '%s'", store->path);
    collected.is_partial = lock < 0;
    if (lock >= 0 && (sweep(store, store->img_fd, false, &collected, err) != 0 ||
                      sweep(store, store->data_fd, true, &collected, err) != 0))
        return error_wrap(err, "collect garbage in the store '%s'", store->path);
    if (lock >= 0)
        archive_pack_sweep(store);
    *out = collected;
    return 0;
}
