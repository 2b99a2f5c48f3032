/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Names are sorted before they are examined, so that the order of entries, and with it the layout of
 * the pack, follows from the names alone.
 */
#include "listing.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* Only files that are at least this large and half empty are worth a list of segments. The list depends on
 * how the file system has stored the file, where all else follows from the contents. */
#define SPARSE_MIN_BYTES (64ull << 20)

/* What one getdents64(2) may fill. */
#define DIRENTS_SIZE (32u << 10)

/* Appends size bytes to the strings; *out_offset is where. */
static int add_string(struct listing *listing, const char *text, size_t size, uint32_t *out_offset,
                      struct error *err)
{
    size_t end = listing->strings_size + size;
    if (end > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "it has too many files");
    if (array_grow(&listing->strings, &listing->strings_room, end, 1, "names", err) != 0)
        return -1;
    memcpy(listing->strings + listing->strings_size, text, size);
    *out_offset = (uint32_t)listing->strings_size;
    listing->strings_size = end;
    return 0;
}

static int add_name(struct listing *listing, const char *name, struct error *err)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (array_grow(&listing->order, &listing->order_room, listing->n + 1, sizeof(uint32_t), "names", err) !=
            0 ||
        add_string(listing, name, strlen(name) + 1, &listing->order[listing->n], err) != 0)
        return -1;
    listing->n++;
    return 0;
}

static int compare_names(const void *a, const void *b, void *strings)
{
    const char *base = strings;
    return strcmp(base + *(const uint32_t *)a, base + *(const uint32_t *)b);
}

static int read_names(struct listing *listing, int dir_fd, struct error *err)
{
    _Alignas(struct dirent64) char dirents[DIRENTS_SIZE];
    ssize_t n;
    while ((n = getdents64(dir_fd, dirents, sizeof(dirents))) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *entry = (const void *)(dirents + at);
            if (add_name(listing, entry->d_name, err) != 0)
                return -1;
            at += entry->d_reclen;
        }
    }
    if (n < 0)
        return error_errno(err, "read a directory");
    if (listing->n > 1)
        qsort_r(listing->order, listing->n, sizeof(uint32_t), compare_names, listing->strings);
    return 0;
}

static int read_target(struct listing *listing, int dir_fd, const char *name, struct layer_entry *e,
                       struct error *err)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(dir_fd, name, target, sizeof(target));
    if (size < 0)
        return error_errno(err, "read the symlink '%s'", name);
    if (size == 0 || (size_t)size >= sizeof(target))
        return error_set(err, ERROR_REFUSED, "the symlink '%s' has a target of %zd bytes", name, size);
    e->target_size = (uint16_t)size;
    return add_string(listing, target, (size_t)size, &e->target, err);
}

/* Lists the data segments of a file in blocks. */
static int list_segments(struct listing *listing, int fd, struct layer_entry *e, struct error *err)
{
    uint64_t end_block = 0, n_blocks = 0;
    e->first = (uint32_t)listing->n_segments;
    for (off_t at = 0; (uint64_t)at < e->size;) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (hole < 0)
            return error_errno(err, "look for holes");
        at = hole;
        uint64_t from = (uint64_t)data / LAYER_BLOCK_SIZE;
        uint64_t to = ((uint64_t)hole + LAYER_BLOCK_SIZE - 1) / LAYER_BLOCK_SIZE;
        if (from < end_block)
            from = end_block;
        if (to <= from)
            continue;
        if (array_grow(&listing->segments, &listing->segments_room, listing->n_segments + 1,
                       sizeof(struct layer_segment), "segments", err) != 0)
            return -1;
        listing->segments[listing->n_segments++] =
            (struct layer_segment){.file_block = from, .pack_block = n_blocks, .n_blocks = to - from};
        n_blocks += to - from;
        end_block = to;
    }
    e->n = (uint32_t)listing->n_segments - e->first;
    e->flags |= LAYER_SPARSE;
    return 0;
}

/* Looks for holes in a file that has room for some. */
static int read_holes(struct listing *listing, int dir_fd, const char *name, const struct stat *st,
                      struct layer_entry *e, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (!S_ISREG(st->st_mode) || e->size < SPARSE_MIN_BYTES || (uint64_t)st->st_blocks * 512 >= e->size / 2)
        return 0;
    if (path_open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK, &fd, err) != 0)
        return -1;
    return list_segments(listing, fd, e, err);
}

/* Tells whether an open file has an overlayfs mark; value gets its first byte, or 0. */
static bool has_mark(int fd, const char *mark, char *value)
{
    char attribute[64];
    for (int i = 0; i < 2; i++) {
        snprintf(attribute, sizeof(attribute), "%s.overlay.%s", i == 0 ? "trusted" : "user", mark);
        char text[8];
        ssize_t size = fgetxattr(fd, attribute, text, sizeof(text));
        if (size >= 0 || errno == ERANGE) {
            *value = size > 0 ? text[0] : '\0';
            return true;
        }
    }
    return false;
}

/* Reads overlayfs's marks off a directory (Documentation/filesystems/overlayfs.rst of Linux). */
static void read_dir_marks(struct listing *listing, int fd)
{
    char value;
    if (has_mark(fd, "opaque", &value)) {
        if (value == 'y')
            listing->flags |= LAYER_OPAQUE;
        else
            listing->needs_merged_view = true; /* 'x': the whiteouts inside are files with a mark */
    }
    if (has_mark(fd, "redirect", &value))
        listing->needs_merged_view = true;
}

/* And off a file. A copy of metadata alone has a size, and nothing of it on disk. */
static int read_file_marks(struct listing *listing, int dir_fd, const char *name, const struct stat *st,
                           struct error *err)
{
    char value;
    if (!S_ISREG(st->st_mode) || st->st_size == 0 || st->st_blocks != 0)
        return 0;
    _cleanup_close_ int fd = -1;
    if (path_open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK, &fd, err) != 0)
        return -1;
    if (has_mark(fd, "metacopy", &value))
        listing->needs_merged_view = true;
    return 0;
}

static bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* Whoever made it, and when: it hides a name and says nothing else. */
static void describe_whiteout(struct listing_entry *out)
{
    struct layer_entry *e = &out->entry;
    e->flags |= LAYER_WHITEOUT;
    e->mode = S_IFCHR;
    e->uid = e->gid = 0;
    e->mtime = LAYER_NO_TIME;
    out->is_linked = false;
}

void listing_describe(struct listing_entry *out, const struct stat *st)
{
    *out = (struct listing_entry){
        .entry = {.mtime = st->st_mtim.tv_sec, .mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid},
        .dev = (uint64_t)st->st_dev,
        .ino = (uint64_t)st->st_ino,
        .mtime = st->st_mtim.tv_sec,
        .mtime_ns = (uint64_t)st->st_mtim.tv_nsec,
        .ctime = st->st_ctim.tv_sec,
        .ctime_ns = (uint64_t)st->st_ctim.tv_nsec,
        .is_linked = !S_ISDIR(st->st_mode) && st->st_nlink > 1};
    if (S_ISREG(st->st_mode))
        out->entry.size = (uint64_t)st->st_size;
    if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode)) {
        out->entry.major = major(st->st_rdev);
        out->entry.minor = minor(st->st_rdev);
    }
}

/* Reads the attributes of a file; *out_any: it has some, carried or not. */
static int read_xattrs(struct listing *listing, int dir_fd, const char *name, struct listing_entry *out,
                       bool *out_any, struct error *err)
{
    if (array_grow(&listing->xattrs, &listing->xattrs_room, listing->n_xattrs + 1, sizeof(*listing->xattrs),
                   "attributes", err) != 0)
        return -1;
    struct xattr_set *set = &listing->xattrs[listing->n_xattrs];
    *set = XATTR_SET_NONE;
    if (xattr_set_read(set, dir_fd, name, out_any, err) != 0) {
        xattr_set_release(set);
        return -1;
    }
    if (set->n == 0)
        return 0;
    listing->n_xattrs++;
    out->xattrs = (uint32_t)listing->n_xattrs;
    return 0;
}

static void forget_xattrs(struct listing *listing)
{
    for (size_t i = 0; i < listing->n_xattrs; i++)
        xattr_set_release(&listing->xattrs[i]);
    listing->n_xattrs = 0;
    xattr_set_release(&listing->own);
}

/* Examines the file whose name is at an offset of the strings. */
static int read_entry(struct listing *listing, int dir_fd, uint32_t name_at, bool is_overlay,
                      struct listing_entry *out, struct error *err)
{
    char name[NAME_MAX + 1];
    struct stat st;
    bool has_any = false;
    strcpy(name, listing->strings + name_at); /* the strings may move */
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, "examine '%s'", name);
    listing_describe(out, &st);
    out->entry.name = name_at;
    out->entry.name_size = (uint16_t)strlen(name);
    if (is_overlay && is_whiteout(&st)) {
        describe_whiteout(out);
        return 0;
    }
    /* A directory's are read when it is open. */
    if (!S_ISDIR(st.st_mode) && read_xattrs(listing, dir_fd, name, out, &has_any, err) != 0)
        return -1;
    if (is_overlay && has_any && read_file_marks(listing, dir_fd, name, &st, err) != 0)
        return -1;
    if (S_ISLNK(st.st_mode) && read_target(listing, dir_fd, name, &out->entry, err) != 0)
        return -1;
    return read_holes(listing, dir_fd, name, &st, &out->entry, err);
}

int listing_read(struct listing *listing, int dir_fd, bool is_overlay, struct error *err)
{
    bool has_any = false;
    listing->n = listing->strings_size = listing->n_segments = 0;
    forget_xattrs(listing);
    listing->flags = 0;
    listing->needs_merged_view = false;
    if (xattr_set_read(&listing->own, dir_fd, "", &has_any, err) != 0)
        return -1;
    if (is_overlay && has_any)
        read_dir_marks(listing, dir_fd);
    if (read_names(listing, dir_fd, err) != 0 ||
        array_grow(&listing->entries, &listing->room, listing->n, sizeof(*listing->entries), "a directory",
                   err) != 0)
        return -1;
    for (size_t i = 0; i < listing->n; i++)
        if (read_entry(listing, dir_fd, listing->order[i], is_overlay, &listing->entries[i], err) != 0)
            return -1;
    return 0;
}

void listing_release(struct listing *listing)
{
    forget_xattrs(listing);
    free(listing->xattrs);
    free(listing->entries);
    free(listing->strings);
    free(listing->segments);
    free(listing->order);
    *listing = LISTING_NONE;
}
