/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A file's name is the digest of its owner, so it is found without a list. It is made whole under no
 * name, with the image's patches already in it: pages that the patches change count as written, because later
 * patches may differ, and the guest may have built on the first ones.
 */
#include "storage/delta_file.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "overlay/delta.h"
#include "overlay/extent.h"
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define PATCHES_MAX   (16u << 20)
#define OPEN_ATTEMPTS 10

static void derive_key(const char *owner, char key[STORE_KEY_SIZE])
{
    uint8_t raw[DIGEST_SIZE];
    digest_of(owner, strlen(owner), raw);
    digest_format(raw, key);
}

/* --- making one --- */

struct making {
    const struct image *image;
    struct extent *extents;
    unsigned char *present; /* the bitmap */
    size_t bitmap_size;
    int fd;
};

static void making_release(struct making *m)
{
    free(m->extents);
    free(m->present);
}

/* Reads a page of the image as it is without patches; where a data file ends, and in holes, there are zeros.
 */
static int read_page(const struct making *m, uint64_t page, unsigned char bytes[DELTA_PAGE],
                     struct error *err)
{
    uint64_t off = page * DELTA_PAGE;
    memset(bytes, 0, DELTA_PAGE);
    for (uint32_t i = 0; i < m->image->n_extents; i++) {
        const struct extent *e = &m->extents[i];
        if (off < e->off || off - e->off >= e->len)
            continue;
        ssize_t n;
        do {
            n = pread(m->image->data_fds[e->file], bytes, DELTA_PAGE, (off_t)(e->file_off + off - e->off));
        } while (n < 0 && errno == EINTR);
        return n < 0 ? error_errno(err, "read the image") : 0;
    }
    return 0;
}

static int apply_patch(struct making *m, uint64_t off, const char *data, uint64_t len, struct error *err)
{
    uint64_t data_off = delta_data_offset(m->image->capacity);
    while (len > 0) {
        unsigned char bytes[DELTA_PAGE];
        uint64_t page = off / DELTA_PAGE, part = DELTA_PAGE - off % DELTA_PAGE;
        part = part < len ? part : len;
        if ((m->present[page / 8] >> page % 8 & 1u) == 0) {
            if (read_page(m, page, bytes, err) != 0 ||
                fd_write_all_at(m->fd, bytes, sizeof(bytes), data_off + page * DELTA_PAGE, "a delta file",
                                err) != 0)
                return -1;
            m->present[page / 8] |= (unsigned char)(1u << page % 8);
        }
        if (fd_write_all_at(m->fd, data, part, data_off + off, "a delta file", err) != 0)
            return -1;
        off += part;
        data += part;
        len -= part;
    }
    return 0;
}

static int apply_patches(struct making *m, struct error *err)
{
    _cleanup_free_ char *patches = NULL;
    size_t size = 0;
    if (m->image->patches_fd < 0)
        return 0;
    if (lseek(m->image->patches_fd, 0, SEEK_SET) != 0)
        return error_errno(err, "read the image's patches");
    if (fd_read_all(m->image->patches_fd, PATCHES_MAX, &patches, &size, "the image's patches", err) != 0)
        return -1;
    for (size_t at = 0; at < size;) {
        struct extent_patch patch;
        if (size - at < sizeof(patch))
            return error_set(err, ERROR_INPUT, "the image's patches are damaged");
        memcpy(&patch, patches + at, sizeof(patch));
        at += sizeof(patch);
        if (patch.len > size - at || patch.off > m->image->capacity ||
            patch.len > m->image->capacity - patch.off)
            return error_set(err, ERROR_INPUT, "the image's patches are damaged");
        if (apply_patch(m, patch.off, patches + at, patch.len, err) != 0)
            return -1;
        at += (patch.len + 7) & ~7ull;
    }
    return 0;
}

static int fill(struct making *m, const char *owner, struct error *err)
{
    const uint64_t capacity = m->image->capacity;
    size_t extents_size = m->image->n_extents * sizeof(struct extent);
    struct delta_header header = {.magic = DELTA_MAGIC, .version = DELTA_VERSION, .capacity = capacity};

    m->bitmap_size = (size_t)((capacity / DELTA_PAGE + 8) / 8);
    m->extents = malloc(extents_size + 1);
    m->present = calloc(m->bitmap_size, 1);
    if (m->extents == NULL || m->present == NULL)
        return error_errno(err, "make a delta file");
    if (fd_read_exactly_at(m->image->extents_fd, m->extents, extents_size, 0, "the image's map", err) != 0)
        return -1;
    strcpy(header.image, m->image->key);
    strcpy(header.owner, owner);
    if (ftruncate(m->fd, (off_t)(delta_data_offset(capacity) +
                                 (capacity + DELTA_PAGE - 1) / DELTA_PAGE * DELTA_PAGE)) != 0)
        return error_errno(err, "make a delta file");
    if (fd_write_all_at(m->fd, &header, sizeof(header), 0, "a delta file", err) != 0 ||
        apply_patches(m, err) != 0)
        return -1;
    if (m->image->patches_fd < 0)
        return 0;
    return fd_write_all_at(m->fd, m->present, (size_t)((capacity / DELTA_PAGE + 7) / 8),
                           delta_bitmap_offset(), "a delta file", err);
}

static int make(const struct store *store, const char *key, const char *owner, const struct image *image,
                struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_(making_release) struct making m = {.image = image};
    if (atomic_file_begin(&file, store->delta_fd, 0600, err) != 0)
        return -1;
    m.fd = file.fd;
    if (fill(&m, owner, err) != 0)
        return -1;
    return atomic_file_commit(&file, key, ATOMIC_FILE_KEEP, NULL, err);
}

/* --- opening one --- */

/* Locks a file and sees whether it still has its name. *out_gone: it has not. */
static int lock(int fd, bool *out_gone, struct error *err)
{
    struct stat st;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? error_set(err, ERROR_STATE, "what was written to it is in use by another container")
                   : error_errno(err, "lock the delta file");
    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine the delta file");
    *out_gone = st.st_nlink == 0;
    return 0;
}

static int check_image(const struct store *store, int fd, const char *key, const struct image *image,
                       struct error *err)
{
    struct delta_header header;
    if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || header.magic != DELTA_MAGIC ||
        memchr(header.image, '\0', sizeof(header.image)) == NULL)
        return error_set(err, ERROR_INPUT, "the delta file '%s/delta/%s' is damaged", store->path, key);
    if (strcmp(header.image, image->key) != 0)
        return error_set(
            err, ERROR_STATE,
            "what was written to it is in '%s/delta/%s' and belongs to the image '%.12s', but it "
            "is '%.12s' as its files have changed: put them back, or give up what was written "
            "with 'wherry image drop %.12s'",
            store->path, key, header.image, image->key, key);
    return delta_check_header(&header, image->capacity, err);
}

int delta_file_open(struct store *store, const char *owner, const struct image *image, int *out_fd,
                    struct error *err)
{
    char key[STORE_KEY_SIZE];
    if (strlen(owner) > DELTA_FILE_OWNER_MAX)
        return error_set(err, ERROR_REFUSED, "keep what is written to %.100s...: the name is too long",
                         owner);
    derive_key(owner, key);
    for (int i = 0; i < OPEN_ATTEMPTS; i++) {
        _cleanup_close_ int fd = openat(store->delta_fd, key, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        bool is_gone = false;
        if (fd < 0 && errno != ENOENT)
            return error_errno(err, "%s: open its delta file '%s/delta/%s'", owner, store->path, key);
        if (fd < 0) {
            if (make(store, key, owner, image, err) != 0)
                return error_wrap(err, "%s: keep what is written", owner);
            continue;
        }
        if (lock(fd, &is_gone, err) != 0 || (!is_gone && check_image(store, fd, key, image, err) != 0))
            return error_wrap(err, "%s", owner);
        if (is_gone)
            continue;
        *out_fd = take_fd(&fd);
        return 0;
    }
    return error_set(err, ERROR_STATE, "%s: its delta file was removed each time it was made", owner);
}

/* --- all of them --- */

static bool is_key(const char *name)
{
    return strlen(name) == STORE_KEY_SIZE - 1 && strspn(name, "0123456789abcdef") == STORE_KEY_SIZE - 1;
}

static int examine(const struct store *store, const char *key, struct delta_file *out, struct error *err)
{
    struct delta_header header;
    struct stat st;
    _cleanup_close_ int fd = -1;
    *out = (struct delta_file){.owner = NULL};
    if (fd_open(store->delta_fd, key, O_RDONLY | O_NOFOLLOW, 0, &fd, err) != 0)
        return -1;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine the delta file '%s'", key);
    bool is_sound = pread(fd, &header, sizeof(header), 0) == sizeof(header) && header.magic == DELTA_MAGIC &&
                    memchr(header.owner, '\0', sizeof(header.owner)) != NULL &&
                    memchr(header.image, '\0', sizeof(out->image)) != NULL;
    memcpy(out->key, key, sizeof(out->key));
    if (is_sound)
        strcpy(out->image, header.image);
    out->bytes = (uint64_t)st.st_blocks * 512;
    out->is_in_use = flock(fd, LOCK_EX | LOCK_NB) != 0;
    out->owner = strdup(is_sound ? header.owner : "");
    return out->owner == NULL ? error_errno(err, "list the delta files") : 0;
}

static int compare_owners(const void *a, const void *b)
{
    return strcmp(((const struct delta_file *)a)->owner, ((const struct delta_file *)b)->owner);
}

static int list(struct store *store, struct delta_file **files, size_t *n, struct error *err)
{
    _cleanup_closedir_ DIR *dir = NULL;
    int fd = openat(store->delta_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "list the delta files");
    dir = fdopendir(fd);
    if (dir == NULL) {
        error_errno(err, "list the delta files");
        close(fd);
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        struct error gone;
        if (!is_key(entry->d_name))
            continue;
        struct delta_file *grown = reallocarray(*files, *n + 1, sizeof(*grown));
        if (grown == NULL)
            return error_errno(err, "list the delta files");
        *files = grown;
        if (examine(store, entry->d_name, &grown[*n], &gone) == 0)
            (*n)++;
    }
    if (*n > 1)
        qsort(*files, *n, sizeof(**files), compare_owners);
    return 0;
}

int delta_file_list(struct store *store, struct delta_file **out, size_t *out_n, struct error *err)
{
    struct delta_file *files = NULL;
    size_t n = 0;
    if (list(store, &files, &n, err) != 0) {
        delta_file_list_free(files, n);
        return -1;
    }
    *out = files;
    *out_n = n;
    return 0;
}

void delta_file_list_free(struct delta_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(files[i].owner);
    free(files);
}

/* Removes a file that is not in use; the lock keeps others from opening it meanwhile. */
static int remove_file(struct store *store, const char *key, struct error *err)
{
    bool is_gone;
    _cleanup_close_ int fd = -1;
    if (fd_open(store->delta_fd, key, O_RDWR | O_NOFOLLOW, 0, &fd, err) != 0 || lock(fd, &is_gone, err) != 0)
        return -1;
    if (unlinkat(store->delta_fd, key, 0) != 0 && errno != ENOENT)
        return error_errno(err, "remove it");
    return fsync(store->delta_fd) != 0 ? error_errno(err, "remove it") : 0;
}

int delta_file_remove(struct store *store, const char *key, struct error *err)
{
    struct delta_file *files = NULL;
    size_t n = 0, n_found = 0;
    char found[STORE_KEY_SIZE] = "";
    if (delta_file_list(store, &files, &n, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (key[0] != '\0' && strncmp(files[i].key, key, strlen(key)) == 0 && n_found++ == 0)
            memcpy(found, files[i].key, sizeof(found));
    delta_file_list_free(files, n);
    if (n_found == 0)
        return error_set(err, ERROR_NOT_FOUND, "the store '%s' has no delta file '%s'", store->path, key);
    if (n_found > 1)
        return error_set(err, ERROR_INPUT, "'%s' is the start of %zu delta files' keys", key, n_found);
    if (remove_file(store, found, err) != 0)
        return error_wrap(err, "the delta file '%s'", found);
    return 0;
}
