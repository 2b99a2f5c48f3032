/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A tar archive has its files in the order in which somebody walked a tree, a pack has them breadth
 * first and sorted: so contents go to a spool file as they come, and from there into the pack once the order
 * is known. The spool has no name; where the page cache has room for it, it never gets to the disk.
 */
#include "archive_pack.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/lock.h"
#include "decompressor.h"
#include "layer_archive.h"
#include "pack.h"
#include "pack_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BUFFER_SIZE (256u << 10)

/* An archive that is being read. */
struct reading {
    const struct image_archive *archive;
    int fd;
    uint64_t left; /* of an archive that is not compressed */
    struct decompressor decompressor;
    struct digest digest;            /* of what was read, uncompressed */
    struct image_progress *progress; /* NULL: nobody wants to know */
    uint64_t told;
};

static void reading_release(struct reading *r)
{
    decompressor_release(&r->decompressor);
    cleanup_close(&r->fd);
}

void archive_pack_key(const char *diff_id, char key[STORE_KEY_SIZE])
{
    source_derive_key("archive", diff_id, strlen(diff_id), key);
}

/* Tells how far the file was read, by whichever process. */
static void tell(struct reading *r)
{
    off_t at = r->progress != NULL ? lseek(r->fd, 0, SEEK_CUR) : -1;
    uint64_t done = at < 0 || (uint64_t)at < r->archive->off ? 0 : (uint64_t)at - r->archive->off;
    if (r->progress == NULL || done <= r->told)
        return;
    r->progress->done_bytes += done - r->told;
    r->told = done;
}

static int read_stream(void *context, void *buf, size_t size, size_t *out_n, struct error *err)
{
    struct reading *r = context;
    if (r->archive->compression != IMAGE_UNCOMPRESSED) {
        if (decompressor_read(&r->decompressor, buf, size, out_n, err) != 0)
            return -1;
    } else {
        ssize_t n = read(r->fd, buf, size < r->left ? size : (size_t)r->left);
        if (n < 0)
            return error_errno(err, "read it");
        r->left -= (uint64_t)n;
        *out_n = (size_t)n;
    }
    digest_add(&r->digest, buf, *out_n);
    tell(r);
    return 0;
}

static int check_digest(struct digest *digest, const char *expected, const char *what, struct error *err)
{
    uint8_t raw[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    digest_finish(digest, raw);
    digest_format(raw, text);
    if (strcmp(text, expected) != 0)
        return error_set(err, ERROR_INPUT, "%s has the digest sha256:%s instead of sha256:%s", what, text,
                         expected);
    return 0;
}

/* Compares the bytes of the file with their digest, before anything looks at them. */
static int check_blob(const struct reading *r, struct error *err)
{
    _cleanup_free_ char *buffer = malloc(BUFFER_SIZE);
    struct digest digest;
    if (buffer == NULL)
        return error_errno(err, "read it");
    digest_init(&digest);
    for (uint64_t done = 0; done < r->archive->size;) {
        uint64_t left = r->archive->size - done;
        ssize_t n = pread(r->fd, buffer, left < BUFFER_SIZE ? (size_t)left : BUFFER_SIZE,
                          (off_t)(r->archive->off + done));
        if (n < 0)
            return error_errno(err, "read it");
        if (n == 0)
            return error_set(err, ERROR_INPUT, "it ends early");
        digest_add(&digest, buffer, (size_t)n);
        done += (uint64_t)n;
    }
    return check_digest(&digest, r->archive->digest, "it", err);
}

static int open_archive(struct reading *r, struct error *err)
{
    const struct image_archive *archive = r->archive;
    struct stat st;
    if (fd_open(AT_FDCWD, archive->path, O_RDONLY | O_NONBLOCK, 0, &r->fd, err) != 0)
        return -1;
    if (fstat(r->fd, &st) != 0)
        return error_errno(err, "examine it");
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_INPUT, "it is no regular file");
    uint64_t there = (uint64_t)st.st_size;
    if (there < archive->off || there - archive->off < archive->size ||
        (archive->off == 0 && there != archive->size))
        return error_set(err, ERROR_INPUT, "it has %llu bytes instead of %llu",
                         (unsigned long long)(there < archive->off ? 0 : there - archive->off),
                         (unsigned long long)archive->size);
    if (check_blob(r, err) != 0)
        return -1;
    if (lseek(r->fd, (off_t)archive->off, SEEK_SET) < 0)
        return error_errno(err, "read it");
    r->left = archive->size;
    digest_init(&r->digest);
    if (archive->compression == IMAGE_UNCOMPRESSED)
        return 0;
    return decompressor_start(&r->decompressor,
                              archive->compression == IMAGE_GZIP ? DECOMPRESSOR_GZIP : DECOMPRESSOR_ZSTD,
                              r->fd, archive->size, err);
}

static int write_pack(const struct store *store, struct reading *r, int out_fd, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file spool_file = ATOMIC_FILE_NONE;
    _cleanup_(layer_spool_release) struct layer_spool spool = LAYER_SPOOL_NONE;
    const struct tar_stream stream = {.read = read_stream, .context = r};
    if (open_archive(r, err) != 0 || atomic_file_begin(&spool_file, store->data_fd, 0400, err) != 0 ||
        layer_archive_read(&stream, spool_file.fd, &spool, err) != 0 ||
        check_digest(&r->digest, r->archive->diff_id, "what it contains", err) != 0)
        return -1;
    const struct layer_copy_source source = {
        .dirfd = spool_file.fd, .layer = &spool.layer, .spool_blocks = spool.blocks};
    return pack_write(out_fd, &source, r->archive->name, err);
}

/* Notes that there is a pack of this archive. A note without a pack says nothing. */
static int note(const struct store *store, const char *diff_id, struct error *err)
{
    _cleanup_close_ int fd =
        openat(store->archive_fd, diff_id, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0400);
    return fd >= 0 ? 0 : error_errno(err, "note the archive '%s'", diff_id);
}

static int build(const struct store *store, const struct image_archive *archive, const char *key,
                 struct image_progress *progress, int *out_fd, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_(reading_release) struct reading r = {
        .archive = archive, .fd = -1, .decompressor = DECOMPRESSOR_NONE, .progress = progress};
    if (progress != NULL && progress->begin_layer != NULL)
        progress->begin_layer(progress->context, archive->name, archive->size);
    if (atomic_file_begin(&file, store->data_fd, 0444, err) != 0 ||
        write_pack(store, &r, file.fd, err) != 0 || note(store, archive->diff_id, err) != 0 ||
        pack_store_publish(store, &file, key, out_fd, err) != 0)
        return error_wrap(err, "pack the layer '%s'", archive->name);
    return 0;
}

int archive_pack_ensure(const struct store *store, const struct image_archive *archive,
                        struct image_progress *progress, int *out_fd, struct error *err)
{
    _cleanup_close_ int lock = -1;
    char key[STORE_KEY_SIZE];

    archive_pack_key(archive->diff_id, key);
    *out_fd = -1;
    if (lock_acquire(store->lock_fd, key, LOCK_EXCLUSIVE, true, &lock, err) != 0)
        return -1;
    int result = pack_store_open(store, key, out_fd, err);
    if (result == 0 && *out_fd < 0)
        result = build(store, archive, key, progress, out_fd, err);
    else if (result == 0 && progress != NULL)
        progress->done_bytes += archive->size;
    lock_remove(store->lock_fd, key, &lock);
    if (result == 0 && *out_fd < 0)
        return error_set(err, ERROR_STATE, "the pack '%s' was removed as soon as it was built", key);
    return result;
}

/* Visits the notes: the first one ends it, or those without a pack are removed. */
static bool look(const struct store *store, bool sweeps)
{
    int fd = openat(store->archive_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char key[STORE_KEY_SIZE];
        if (entry->d_name[0] == '.')
            continue;
        if (!sweeps)
            return true;
        archive_pack_key(entry->d_name, key);
        if (faccessat(store->data_fd, key, F_OK, 0) != 0)
            unlinkat(store->archive_fd, entry->d_name, 0);
    }
    return false;
}

bool archive_pack_any(const struct store *store)
{
    return look(store, false);
}

void archive_pack_sweep(const struct store *store)
{
    look(store, true);
}
