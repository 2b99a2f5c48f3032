/* SPDX-License-Identifier: Apache-2.0 */
#include "image_object.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "pack_store.h"
#include "verified.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define INFO_MAGIC   0x31474d4959525257ull /* "WRRYIMG1" */
#define INFO_VERSION 2
#define USE_PERIOD_S 86400
#define INFO_MAX     (sizeof(struct image_info) + IMAGE_PACKS_MAX * DIGEST_SIZE + DIGEST_SIZE)

static void encode_key(const char *text, uint8_t raw[DIGEST_SIZE])
{
    for (int i = 0; i < DIGEST_SIZE; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        raw[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

static int parse_info(const uint8_t *data, size_t size, struct image_info *out,
                      char (**out_keys)[DIGEST_TEXT_SIZE], struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    if (size < sizeof(*out) + DIGEST_SIZE)
        return error_set(err, ERROR_INPUT, "its info has only %zu bytes", size);
    digest_of(data, size - DIGEST_SIZE, digest);
    if (memcmp(digest, data + size - DIGEST_SIZE, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its info is damaged");
    memcpy(out, data, sizeof(*out));
    if (out->magic != INFO_MAGIC)
        return error_set(err, ERROR_INPUT, "its info is something else");
    if (out->version != INFO_VERSION)
        return error_set(err, ERROR_REFUSED, "it has version %u, this program reads %u", out->version,
                         INFO_VERSION);
    if (out->n_packs > IMAGE_PACKS_MAX || out->n_stems > out->n_packs ||
        size != sizeof(*out) + (size_t)out->n_packs * DIGEST_SIZE + DIGEST_SIZE)
        return error_set(err, ERROR_INPUT, "its info has %zu bytes for %u packs", size, out->n_packs);

    char(*keys)[DIGEST_TEXT_SIZE] = calloc(out->n_packs + 1, sizeof(*keys));
    if (keys == NULL)
        return error_errno(err, "read its info");
    for (uint32_t i = 0; i < out->n_packs; i++)
        digest_format(data + sizeof(*out) + (size_t)i * DIGEST_SIZE, keys[i]);
    *out_keys = keys;
    return 0;
}

int image_object_load_info(int dirfd, struct image_info *out, char (**out_keys)[DIGEST_TEXT_SIZE],
                           struct error *err)
{
    _cleanup_free_ char *data = NULL;
    _cleanup_close_ int fd = -1;
    size_t size = 0;
    if (fd_open(dirfd, "info", O_RDONLY | O_NOFOLLOW, 0, &fd, err) != 0 ||
        fd_read_all(fd, INFO_MAX, &data, &size, "its info", err) != 0)
        return -1;
    return parse_info((const uint8_t *)data, size, out, out_keys, err);
}

/* Checks that a file has a size and a digest. */
static int check_file(int fd, const char *name, uint64_t size, const uint8_t expected[DIGEST_SIZE],
                      struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine its %s", name);
    if ((uint64_t)st.st_size != size)
        return error_set(err, ERROR_INPUT, "its %s has %lld bytes instead of %llu", name,
                         (long long)st.st_size, (unsigned long long)size);
    if (digest_of_file(fd, size, name, digest, err) != 0)
        return -1;
    if (memcmp(digest, expected, DIGEST_SIZE) != 0)
        return error_set(err, ERROR_INPUT, "its %s is damaged", name);
    return 0;
}

static int check_digests(const struct store *store, const char *key, const struct image *image,
                         const struct image_info *info, char (*pack_keys)[DIGEST_TEXT_SIZE],
                         struct error *err)
{
    size_t n = 0;
    _cleanup_free_ struct verified_file *seen = calloc(info->n_packs + 2, sizeof(*seen));
    if (seen == NULL)
        return error_errno(err, "check it");
    bool is_seen = verified_file_at(image->extents_fd, "", &seen[n++]);
    for (size_t i = 0; i < image->n_data_fds && is_seen; i++)
        is_seen = verified_file_at(image->data_fds[i], "", &seen[n++]);
    if (is_seen && verified_find(store, key, seen, n))
        return 0;
    if (check_file(image->extents_fd, "map", info->n_extents * sizeof(struct extent), info->map_digest,
                   err) != 0 ||
        check_file(image->data_fds[0], "meta", info->meta_size, info->meta_digest, err) != 0)
        return -1;
    for (uint32_t i = 0; i < info->n_packs; i++)
        if (pack_store_check(store, pack_keys[i], image->data_fds[1 + i], err) != 0)
            return -1;
    if (is_seen)
        verified_add(store, key, seen, n);
    return 0;
}

int image_object_check_files(int dirfd, const struct image_info *info, struct error *err)
{
    _cleanup_close_ int map_fd = -1, meta_fd = -1;
    if (fd_open(dirfd, "map", O_RDONLY | O_NOFOLLOW, 0, &map_fd, err) != 0 ||
        fd_open(dirfd, "meta", O_RDONLY | O_NOFOLLOW, 0, &meta_fd, err) != 0 ||
        check_file(map_fd, "map", info->n_extents * sizeof(struct extent), info->map_digest, err) != 0)
        return -1;
    return check_file(meta_fd, "meta", info->meta_size, info->meta_digest, err);
}

/* Opens everything in an image's directory. */
static int open_parts(int dirfd, const struct image_info *info, struct image *image, struct error *err)
{
    image->data_fds = calloc(info->n_packs + 1, sizeof(int));
    if (image->data_fds == NULL)
        return error_errno(err, "open it");
    if (fd_open(dirfd, "map", O_RDONLY | O_NOFOLLOW, 0, &image->extents_fd, err) != 0 ||
        fd_open(dirfd, "meta", O_RDONLY | O_NOFOLLOW, 0, &image->data_fds[0], err) != 0)
        return -1;
    image->n_data_fds = 1;
    for (uint32_t i = 0; i < info->n_packs; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        if (fd_open(dirfd, name, O_RDONLY | O_NOFOLLOW, 0, &image->data_fds[1 + i], err) != 0)
            return -1;
        image->n_data_fds++;
    }
    image->capacity = info->capacity;
    image->n_extents = info->n_extents;
    image->n_meta_fds = 1 + info->n_stems;
    return 0;
}

/* Takes the lease. *out_held is false when the image was removed before it could be taken. */
static int take_lease(const struct store *store, const char *key, int meta_fd, bool *out_held,
                      struct error *err)
{
    char path[STORE_KEY_SIZE + 8];
    struct stat named, held;

    /* A collector holds the exclusive lock only while it renames. */
    while (flock(meta_fd, LOCK_SH) != 0)
        if (errno != EINTR)
            return error_errno(err, "lock it");
    snprintf(path, sizeof(path), "%s/meta", key);
    *out_held = fstatat(store->img_fd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                fstat(meta_fd, &held) == 0 && named.st_ino == held.st_ino;
    return 0;
}

static int open_checked(const struct store *store, const char *key, int dirfd, struct image *image,
                        bool *out_held, struct error *err)
{
    struct image_info info;
    _cleanup_free_ char(*keys)[DIGEST_TEXT_SIZE] = NULL;

    if (image_object_load_info(dirfd, &info, &keys, err) != 0 || open_parts(dirfd, &info, image, err) != 0 ||
        take_lease(store, key, image->data_fds[0], out_held, err) != 0)
        return -1;
    return *out_held ? check_digests(store, key, image, &info, keys, err) : 0;
}

/* Tells whether an image's open directory still has its name. */
static bool is_named(const struct store *store, const char *key, int dirfd)
{
    struct stat named, held;
    return fstatat(store->img_fd, key, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(dirfd, &held) == 0 &&
           named.st_ino == held.st_ino;
}

/* An image's directory is as old as its last use, to the day: a write for each use would be dear. */
static void note_use(int dirfd)
{
    const struct timespec now[] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    struct stat st;
    if (fstat(dirfd, &st) == 0 && time(NULL) - st.st_mtim.tv_sec >= USE_PERIOD_S)
        futimens(dirfd, now);
}

int image_object_open(const struct store *store, const char *key, struct image *out, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    _cleanup_close_ int dirfd = openat(store->img_fd, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool held = false;

    *out = IMAGE_NONE;
    if (dirfd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "open the image '%s'", key);
    if (open_checked(store, key, dirfd, &image, &held, err) != 0) {
        if (err->errnum == ENOENT && !is_named(store, key, dirfd))
            return 0; /* somebody has just removed it: as if it had not been there */
        return error_wrap(err, "open the image '%s' of the store '%s'", key, store->path);
    }
    if (!held)
        return 0;
    note_use(dirfd);
    memcpy(image.key, key, sizeof(image.key));
    *out = image;
    image = IMAGE_NONE;
    return 0;
}

static int write_file(int dirfd, const char *name, const void *data, size_t size, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (fd_open(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0444, &fd, err) != 0 ||
        fd_write_all(fd, data, size, name, err) != 0)
        return -1;
    if (fdatasync(fd) != 0)
        return error_errno(err, "write '%s' to disk", name);
    return 0;
}

static int write_info(int dirfd, const struct image_parts *parts, struct error *err)
{
    uint8_t data[INFO_MAX];
    struct image_info info = {.magic = INFO_MAGIC,
                              .version = INFO_VERSION,
                              .format = parts->format,
                              .capacity = parts->capacity,
                              .meta_size = parts->meta_size,
                              .n_extents = parts->extents->n,
                              .n_packs = parts->n_packs,
                              .n_stems = parts->n_stems};
    if (parts->meta != NULL)
        digest_of(parts->meta, parts->meta_size, info.meta_digest);
    else if (digest_of_file(parts->meta_file->fd, parts->meta_size, "the image", info.meta_digest, err) != 0)
        return -1;
    digest_of(parts->extents->extents, parts->extents->n * sizeof(struct extent), info.map_digest);

    size_t size = sizeof(info);
    memcpy(data, &info, size);
    for (uint32_t i = 0; i < parts->n_packs; i++, size += DIGEST_SIZE)
        encode_key(parts->pack_keys[i], data + size);
    digest_of(data, size, data + size);
    return write_file(dirfd, "info", data, size + DIGEST_SIZE, err);
}

/* Moves the written file into the image's directory: an unnamed one can get any name on its file system. */
static int place_meta(const struct store *store, int dirfd, struct atomic_file *file, struct error *err)
{
    if (file->name[0] == '\0') {
        file->dirfd = dirfd;
        return atomic_file_commit(file, "meta", ATOMIC_FILE_KEEP, NULL, err);
    }
    if (fdatasync(file->fd) != 0 ||
        renameat2(store->img_fd, file->name, dirfd, "meta", RENAME_NOREPLACE) != 0)
        return error_errno(err, "name its file");
    file->name[0] = '\0';
    return 0;
}

static void enable_verity(int dirfd, const char *name)
{
    _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        verified_enable_verity(fd);
}

static int write_parts(const struct store *store, int dirfd, const struct image_parts *parts,
                       struct error *err)
{
    int failed = parts->meta != NULL ? write_file(dirfd, "meta", parts->meta, parts->meta_size, err)
                                     : place_meta(store, dirfd, parts->meta_file, err);
    if (failed != 0 ||
        write_file(dirfd, "map", parts->extents->extents, parts->extents->n * sizeof(struct extent), err) !=
            0 ||
        write_info(dirfd, parts, err) != 0)
        return -1;
    /* What somebody may still write to gets no fs-verity. */
    if (parts->meta_file != NULL)
        atomic_file_release(parts->meta_file);
    enable_verity(dirfd, "meta");
    enable_verity(dirfd, "map");
    for (uint32_t i = 0; i < parts->n_packs; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        if (linkat(store->data_fd, parts->pack_keys[i], dirfd, name, 0) != 0)
            return error_errno(err, "link the pack '%s'", parts->pack_keys[i]);
    }
    if (fsync(dirfd) != 0)
        return error_errno(err, "write its directory to disk");
    return 0;
}

static int make_hidden_dir(const struct store *store, char name[ATOMIC_FILE_NAME_SIZE], struct error *err)
{
    unsigned long long number = 0;
    do {
        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
            return error_errno(err, "choose a name");
        snprintf(name, ATOMIC_FILE_NAME_SIZE, ATOMIC_FILE_PREFIX "%016llx", number);
        if (mkdirat(store->img_fd, name, 0700) == 0)
            return 0;
    } while (errno == EEXIST);
    return error_errno(err, "make directory '%s'", name);
}

static int name_dir(const struct store *store, const char *hidden, const char *key, struct error *err)
{
    if (renameat2(store->img_fd, hidden, store->img_fd, key, RENAME_NOREPLACE) != 0)
        return error_errno(err, "name its directory");
    if (fsync(store->img_fd) != 0)
        return error_errno(err, "write the store's directory to disk");
    return 0;
}

/* Fills the hidden directory and gives it the image's name. */
static int publish_dir(const struct store *store, const char *hidden, const char *key,
                       const struct image_parts *parts, struct error *err)
{
    _cleanup_close_ int dirfd = -1;
    if (fd_open(store->img_fd, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dirfd, err) != 0 ||
        write_parts(store, dirfd, parts, err) != 0)
        return -1;
    return name_dir(store, hidden, key, err);
}

int image_object_publish(const struct store *store, const char *key, const struct image_parts *parts,
                         struct error *err)
{
    char hidden[ATOMIC_FILE_NAME_SIZE];
    struct error ignored;

    if (parts->n_packs > IMAGE_PACKS_MAX)
        return error_set(err, ERROR_REFUSED, "publish the image '%s': %u layers, %u at most", key,
                         parts->n_packs, IMAGE_PACKS_MAX);
    if (make_hidden_dir(store, hidden, err) != 0)
        return error_wrap(err, "publish the image '%s'", key);
    if (publish_dir(store, hidden, key, parts, err) == 0)
        return 0;
    image_object_remove_dir(store, hidden, &ignored);
    if (err->errnum == EEXIST)
        return 0;
    return error_wrap(err, "publish the image '%s' in the store '%s'", key, store->path);
}

/* Links what is in one image's directory into another's. */
static int link_files(int from_fd, int to_fd, struct error *err)
{
    int fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return error_errno(err, "read it");
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.' && linkat(from_fd, entry->d_name, to_fd, entry->d_name, 0) != 0)
            return error_errno(err, "link '%s'", entry->d_name);
    return fsync(to_fd) != 0 ? error_errno(err, "write its directory to disk") : 0;
}

static int publish_link(const struct store *store, int from_fd, const char *hidden, const char *key,
                        struct error *err)
{
    _cleanup_close_ int dirfd = -1;
    if (fd_open(store->img_fd, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dirfd, err) != 0 ||
        link_files(from_fd, dirfd, err) != 0)
        return -1;
    return name_dir(store, hidden, key, err);
}

int image_object_link(const struct store *store, const char *from, const char *to, struct error *err)
{
    char hidden[ATOMIC_FILE_NAME_SIZE];
    struct error ignored;
    _cleanup_close_ int from_fd =
        openat(store->img_fd, from, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (from_fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "open the image '%s'", from);
    if (make_hidden_dir(store, hidden, err) != 0)
        return error_wrap(err, "link the image '%s'", from);
    if (publish_link(store, from_fd, hidden, to, err) == 0)
        return 0;
    image_object_remove_dir(store, hidden, &ignored);
    /* Somebody else has made it, or a collector took the first one meanwhile. */
    if (err->errnum == EEXIST || err->errnum == ENOENT)
        return 0;
    return error_wrap(err, "link the image '%s'", from);
}

int image_object_remove_dir(const struct store *store, const char *name, struct error *err)
{
    int fd = openat(store->img_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "open '%s'", name);
    _cleanup_closedir_ DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        error_errno(err, "read '%s'", name);
        close(fd);
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
            return error_errno(err, "remove '%s/%s'", name, entry->d_name);
    if (unlinkat(store->img_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return error_errno(err, "remove '%s'", name);
    return 0;
}
