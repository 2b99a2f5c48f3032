/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/catalog.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "image_object.h"
#include "pack_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define COPY_SIZE (1u << 20)

static int open_stream(int dirfd, DIR **out, struct error *err)
{
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "read the store");
    *out = fdopendir(fd);
    if (*out == NULL) {
        error_errno(err, "read the store");
        close(fd);
        return -1;
    }
    return 0;
}

static bool is_key(const char *name)
{
    return strlen(name) == STORE_KEY_SIZE - 1 && strspn(name, "0123456789abcdef") == STORE_KEY_SIZE - 1;
}

/* Somebody who has an image open holds a shared lock on its generated part. */
static bool is_in_use(int dirfd)
{
    _cleanup_close_ int fd = openat(dirfd, "meta", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static int inspect(struct store *store, const char *key, struct catalog_image *out, struct error *err)
{
    struct image_info info;
    struct stat st;
    _cleanup_free_ char(*packs)[DIGEST_TEXT_SIZE] = NULL;
    _cleanup_close_ int dirfd = -1;

    if (fd_open(store->img_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dirfd, err) != 0 ||
        image_object_load_info(dirfd, &info, &packs, err) != 0)
        return -1;
    if (fstat(dirfd, &st) != 0)
        return error_errno(err, "examine it");
    int64_t last_used = st.st_mtim.tv_sec;
    if (fstatat(dirfd, "info", &st, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, "examine it");
    *out = (struct catalog_image){.format = (enum image_format)info.format,
                                  .capacity = info.capacity,
                                  .meta_bytes = info.meta_size,
                                  .n_packs = info.n_packs,
                                  .created = st.st_mtim.tv_sec,
                                  .last_used = last_used,
                                  .is_in_use = is_in_use(dirfd)};
    memcpy(out->key, key, sizeof(out->key));
    for (uint32_t i = 0; i < info.n_packs; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return error_errno(err, "examine its pack %u", i);
        out->pack_bytes += (uint64_t)st.st_blocks * 512;
        /* One link is the pack's own name, one this image's. */
        if (st.st_nlink > 2)
            out->shared_bytes += (uint64_t)st.st_blocks * 512;
    }
    return 0;
}

int catalog_packs(struct store *store, const char *key, struct catalog_pack **out, size_t *out_n,
                  struct error *err)
{
    struct image_info info;
    _cleanup_free_ char(*keys)[DIGEST_TEXT_SIZE] = NULL;
    _cleanup_close_ int dirfd = -1;

    if (fd_open(store->img_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dirfd, err) != 0 ||
        image_object_load_info(dirfd, &info, &keys, err) != 0)
        return error_wrap(err, "read the image '%s'", key);
    _cleanup_free_ struct catalog_pack *packs = calloc(info.n_packs + 1, sizeof(*packs));
    if (packs == NULL)
        return error_errno(err, "list the packs of '%s'", key);
    for (uint32_t i = 0; i < info.n_packs; i++) {
        struct stat st;
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return error_errno(err, "examine the pack '%s'", keys[i]);
        memcpy(packs[i].key, keys[i], sizeof(packs[i].key));
        packs[i].bytes = (uint64_t)st.st_blocks * 512;
        packs[i].n_images = (uint32_t)st.st_nlink - 1;
    }
    *out = take_ptr(packs);
    *out_n = info.n_packs;
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct catalog_image *)a)->key, ((const struct catalog_image *)b)->key);
}

int catalog_list(struct store *store, struct catalog_image **out, size_t *out_n, struct error *err)
{
    _cleanup_closedir_ DIR *dir = NULL;
    _cleanup_free_ struct catalog_image *images = NULL;
    size_t n = 0;

    if (open_stream(store->img_fd, &dir, err) != 0)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct error ignored;
        if (!is_key(entry->d_name))
            continue;
        struct catalog_image *grown = reallocarray(images, n + 1, sizeof(*grown));
        if (grown == NULL)
            return error_errno(err, "list the images");
        images = grown;
        if (inspect(store, entry->d_name, &images[n], &ignored) == 0)
            n++;
    }
    if (n > 1)
        qsort(images, n, sizeof(*images), compare_keys);
    *out = take_ptr(images);
    *out_n = n;
    return 0;
}

int catalog_find(struct store *store, const char *key, struct catalog_image *out, struct error *err)
{
    _cleanup_free_ struct catalog_image *images = NULL;
    size_t n = 0, n_found = 0;

    if (catalog_list(store, &images, &n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (key[0] != '\0' && strncmp(images[i].key, key, strlen(key)) == 0 && n_found++ == 0)
            *out = images[i];
    if (n_found == 0)
        return error_set(err, ERROR_NOT_FOUND, "the store '%s' has no image '%s'", store->path, key);
    if (n_found > 1)
        return error_set(err, ERROR_INPUT, "'%s' is the start of %zu images' keys", key, n_found);
    return 0;
}

int catalog_open(struct store *store, const char *key, struct image *out, struct error *err)
{
    if (image_object_open(store, key, out, err) != 0)
        return -1;
    if (out->n_data_fds == 0)
        return error_set(err, ERROR_NOT_FOUND, "the store '%s' has no image '%s'", store->path, key);
    out->was_ready = true;
    return 0;
}

/* Checks an image's own files, and that its packs are those that its info names. */
static int verify_image(const struct store *store, const char *key, struct error *err)
{
    struct image_info info;
    _cleanup_free_ char(*packs)[DIGEST_TEXT_SIZE] = NULL;
    _cleanup_close_ int dirfd = -1;

    if (fd_open(store->img_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dirfd, err) != 0 ||
        image_object_load_info(dirfd, &info, &packs, err) != 0 ||
        image_object_check_files(dirfd, &info, err) != 0)
        return -1;
    for (uint32_t i = 0; i < info.n_packs; i++) {
        struct stat linked, named;
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        if (fstatat(dirfd, name, &linked, AT_SYMLINK_NOFOLLOW) != 0 ||
            fstatat(store->data_fd, packs[i], &named, AT_SYMLINK_NOFOLLOW) != 0)
            return error_errno(err, "examine its pack %u", i);
        if (linked.st_ino != named.st_ino)
            return error_set(err, ERROR_INPUT, "its pack %u is not the store's '%s'", i, packs[i]);
    }
    return 0;
}

static int verify_pack(const struct store *store, const char *key, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (fd_open(store->data_fd, key, O_RDONLY | O_NOFOLLOW, 0, &fd, err) != 0)
        return -1;
    return pack_verify(fd, err);
}

static int verify_all(const struct store *store, int dirfd, const char *kind,
                      int (*verify)(const struct store *, const char *, struct error *),
                      catalog_report report, void *context, size_t *n_damaged, struct error *err)
{
    _cleanup_closedir_ DIR *dir = NULL;
    if (open_stream(dirfd, &dir, err) != 0)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct error found = {.kind = ERROR_NONE};
        if (!is_key(entry->d_name))
            continue;
        int failed = verify(store, entry->d_name, &found);
        /* Removed while the store was read. */
        if (failed != 0 && faccessat(dirfd, entry->d_name, F_OK, 0) != 0)
            continue;
        *n_damaged += failed != 0;
        if (report != NULL)
            report(context, kind, entry->d_name, failed != 0 ? &found : NULL);
    }
    return 0;
}

int catalog_verify(struct store *store, catalog_report report, void *context, size_t *out_n_damaged,
                   struct error *err)
{
    size_t n = 0;
    if (verify_all(store, store->img_fd, "image", verify_image, report, context, &n, err) != 0 ||
        verify_all(store, store->data_fd, "pack", verify_pack, report, context, &n, err) != 0)
        return error_wrap(err, "verify the store '%s'", store->path);
    *out_n_damaged = n;
    return 0;
}

static int export_extent(const struct image *image, const struct extent *e, int fd, char *buf,
                         struct error *err)
{
    for (uint64_t done = 0; done < e->len;) {
        uint64_t hole = fd_hole_size(image->data_fds[e->file], e->file_off + done, e->len - done);
        if (hole > 0) {
            done += hole;
            continue;
        }
        size_t want = e->len - done < COPY_SIZE ? (size_t)(e->len - done) : COPY_SIZE;
        ssize_t n = pread(image->data_fds[e->file], buf, want, (off_t)(e->file_off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "read the image");
        if (n == 0)
            break; /* the last block of a file ends with zeros */
        if (fd_write_all_at(fd, buf, (size_t)n, e->off + done, "the image", err) != 0)
            return -1;
        done += (uint64_t)n;
    }
    return 0;
}

static int export_patches(const struct image *image, int fd, char *buf, struct error *err)
{
    struct extent_patch patch;
    off_t at = 0;
    while (image->patches_fd >= 0 && pread(image->patches_fd, &patch, sizeof(patch), at) == sizeof(patch)) {
        at += (off_t)sizeof(patch);
        if (patch.len > COPY_SIZE || pread(image->patches_fd, buf, patch.len, at) != (ssize_t)patch.len)
            return error_set(err, ERROR_INPUT, "the image's patches are damaged");
        if (fd_write_all_at(fd, buf, patch.len, patch.off, "the image", err) != 0)
            return -1;
        at += (off_t)((patch.len + 7) & ~7ull);
    }
    return 0;
}

int catalog_export(const struct image *image, int fd, struct error *err)
{
    _cleanup_free_ char *buf = malloc(COPY_SIZE);
    if (buf == NULL)
        return error_errno(err, "export the image '%s'", image->key);
    if (ftruncate(fd, 0) != 0 || ftruncate(fd, (off_t)image->capacity) != 0)
        return error_errno(err, "export the image '%s'", image->key);
    for (uint32_t i = 0; i < image->n_extents; i++) {
        struct extent e;
        if (pread(image->extents_fd, &e, sizeof(e), (off_t)(i * sizeof(e))) != sizeof(e) ||
            e.file >= image->n_data_fds)
            return error_set(err, ERROR_INPUT, "export the image '%s': its map is damaged", image->key);
        if (export_extent(image, &e, fd, buf, err) != 0)
            return error_wrap(err, "export the image '%s'", image->key);
    }
    if (export_patches(image, fd, buf, err) != 0)
        return error_wrap(err, "export the image '%s'", image->key);
    return 0;
}
