/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The tree is walked breadth first: entries double as the queue of directories to read, so there is
 * no recursion, one descriptor is open at a time whatever the depth, and the children of a directory end up
 * side by side. Names are sorted before they are examined, so that the order of entries, and with it the
 * layout of the pack, follows from the names alone.
 */
#include "layer.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "layer_open.h"

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

#define NS_PER_S 1000000000ll

/* What one getdents64(2) may fill. */
#define DIRENTS_SIZE (256u << 10)

/* Where a file with several names was first seen. */
struct link_slot {
    uint64_t dev, ino;
    uint32_t entry; /* 0: free, as no file is the root */
};

struct scan {
    int root_fd;
    const char *what;
    const struct layer_scan_options *options;
    struct layer layer;
    size_t entries_room, segments_room, strings_room;
    uint64_t root_dev;
    struct link_slot *links;
    size_t n_links, links_room; /* room is a power of two, or 0 */
    struct digest metadata;
    struct digest contents;
    uint64_t contents_bytes;
    bool is_small; /* so far */
    struct layer_scan_result result;
};

/* The names in one directory. */
struct names {
    char *bytes;
    size_t size, room;
    uint32_t *offsets; /* into bytes, terminated there */
    size_t n, offsets_room;
    char *entries; /* as the kernel lists them */
};

static void scan_release(struct scan *scan)
{
    layer_release(&scan->layer);
    free(scan->links);
}

static void names_release(struct names *names)
{
    free(names->bytes);
    free(names->offsets);
    free(names->entries);
}

/* Makes room for n more of size bytes each in an array of which used are taken. */
static int ensure_room(void **array, size_t *room, size_t used, size_t n, size_t size, struct error *err)
{
    if (used + n <= *room)
        return 0;
    size_t bigger = *room < 64 ? 64 : *room;
    while (bigger < used + n)
        bigger *= 2;
    if (bigger > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "the tree has too many files");
    void *grown = reallocarray(*array, bigger, size);
    if (grown == NULL)
        return error_errno(err, "read a tree");
    *array = grown;
    *room = bigger;
    return 0;
}

static int add_string(struct scan *scan, const char *text, size_t size, uint32_t *out_offset,
                      struct error *err)
{
    struct layer *layer = &scan->layer;
    if (ensure_room((void **)&layer->strings, &scan->strings_room, layer->strings_size, size, 1, err) != 0)
        return -1;
    memcpy(layer->strings + layer->strings_size, text, size);
    *out_offset = (uint32_t)layer->strings_size;
    layer->strings_size += size;
    return 0;
}

static int compare_names(const void *a, const void *b, void *bytes)
{
    const char *base = bytes;
    return strcmp(base + *(const uint32_t *)a, base + *(const uint32_t *)b);
}

static int add_name(struct names *names, const char *name, struct error *err)
{
    size_t size = strlen(name) + 1;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (ensure_room((void **)&names->bytes, &names->room, names->size, size, 1, err) != 0 ||
        ensure_room((void **)&names->offsets, &names->offsets_room, names->n, 1, sizeof(uint32_t), err) != 0)
        return -1;
    memcpy(names->bytes + names->size, name, size);
    names->offsets[names->n++] = (uint32_t)names->size;
    names->size += size;
    return 0;
}

static int read_names(int fd, struct names *names, struct error *err)
{
    ssize_t n;
    names->size = names->n = 0;
    if (names->entries == NULL && (names->entries = malloc(DIRENTS_SIZE)) == NULL)
        return error_errno(err, "read a directory");
    while ((n = getdents64(fd, names->entries, DIRENTS_SIZE)) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *entry = (const void *)(names->entries + at);
            if (add_name(names, entry->d_name, err) != 0)
                return -1;
            at += entry->d_reclen;
        }
    }
    if (n < 0)
        return error_errno(err, "read a directory");
    if (names->n > 1)
        qsort_r(names->offsets, names->n, sizeof(uint32_t), compare_names, names->bytes);
    return 0;
}

static size_t link_index(const struct scan *scan, uint64_t dev, uint64_t ino)
{
    size_t i = (size_t)((ino * 0x9e3779b97f4a7c15ull) ^ dev) & (scan->links_room - 1);
    while (scan->links[i].entry != 0 && (scan->links[i].ino != ino || scan->links[i].dev != dev))
        i = (i + 1) & (scan->links_room - 1);
    return i;
}

static int grow_links(struct scan *scan, struct error *err)
{
    struct link_slot *old = scan->links;
    size_t old_room = scan->links_room;
    scan->links_room = old_room == 0 ? 64 : old_room * 2;
    scan->links = calloc(scan->links_room, sizeof(*scan->links));
    if (scan->links == NULL) {
        scan->links = old;
        scan->links_room = old_room;
        return error_errno(err, "read a tree");
    }
    for (size_t i = 0; i < old_room; i++)
        if (old[i].entry != 0)
            scan->links[link_index(scan, old[i].dev, old[i].ino)] = old[i];
    free(old);
    return 0;
}

/* Sets the entry's link to the first entry that is the same file. */
static int find_link(struct scan *scan, uint32_t number, const struct stat *st, struct error *err)
{
    if (2 * (scan->n_links + 1) > scan->links_room && grow_links(scan, err) != 0)
        return -1;
    struct link_slot *slot = &scan->links[link_index(scan, st->st_dev, st->st_ino)];
    if (slot->entry == 0) {
        *slot = (struct link_slot){.dev = st->st_dev, .ino = st->st_ino, .entry = number};
        scan->n_links++;
    }
    scan->layer.entries[number].link = slot->entry;
    return 0;
}

static int read_target(struct scan *scan, int dirfd, const char *name, struct layer_entry *e,
                       struct error *err)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(dirfd, name, target, sizeof(target));
    if (size < 0)
        return error_errno(err, "read the symlink '%s'", name);
    if (size == 0 || (size_t)size >= sizeof(target))
        return error_set(err, ERROR_REFUSED, "the symlink '%s' has a target of %zd bytes", name, size);
    e->target_size = (uint16_t)size;
    return add_string(scan, target, (size_t)size, &e->target, err);
}

/* Lists the data segments of a file in blocks. */
static int list_segments(struct scan *scan, int fd, struct layer_entry *e, struct error *err)
{
    uint64_t end_block = 0;
    e->first = scan->layer.n_segments;
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
        struct layer *layer = &scan->layer;
        if (ensure_room((void **)&layer->segments, &scan->segments_room, layer->n_segments, 1,
                        sizeof(struct layer_segment), err) != 0)
            return -1;
        layer->segments[layer->n_segments++] =
            (struct layer_segment){.file_block = from, .pack_block = layer->n_blocks, .n_blocks = to - from};
        layer->n_blocks += to - from;
        end_block = to;
    }
    e->n = scan->layer.n_segments - e->first;
    e->flags |= LAYER_SPARSE;
    return 0;
}

/* Gives a regular file its place in the pack. */
static int place_file(struct scan *scan, int dirfd, const char *name, const struct stat *st,
                      struct layer_entry *e, struct error *err)
{
    e->block = scan->layer.n_blocks;
    if (e->size >= SPARSE_MIN_BYTES && (uint64_t)st->st_blocks * 512 < e->size / 2) {
        _cleanup_close_ int fd = -1;
        if (path_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, &fd, err) != 0)
            return -1;
        return list_segments(scan, fd, e, err);
    }
    scan->layer.n_blocks += e->size / LAYER_BLOCK_SIZE + (e->size % LAYER_BLOCK_SIZE != 0);
    return 0;
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
static void read_dir_marks(struct scan *scan, int fd, struct layer_entry *e)
{
    char value;
    if (flistxattr(fd, NULL, 0) == 0)
        return;
    if (has_mark(fd, "opaque", &value)) {
        if (value == 'y')
            e->flags |= LAYER_OPAQUE;
        else
            scan->result.needs_merged_view = true; /* 'x': the whiteouts inside are files with a mark */
    }
    if (has_mark(fd, "redirect", &value))
        scan->result.needs_merged_view = true;
    /* Entries are digested as they are found, and this is found later. */
    if (e->flags != 0) {
        digest_add(&scan->metadata, &e->flags, sizeof(e->flags));
        digest_add(&scan->contents, &e->flags, sizeof(e->flags));
    }
}

/* And off a file. A copy of metadata alone has a size, and nothing of it on disk. */
static int read_file_marks(struct scan *scan, int dirfd, const char *name, const struct stat *st,
                           struct layer_entry *e, struct error *err)
{
    uint32_t number = (uint32_t)(e - scan->layer.entries);
    char value;
    if (S_ISCHR(st->st_mode) && st->st_rdev == 0) {
        /* Whoever made it, and when: it hides a name and says nothing else. */
        e->flags |= LAYER_WHITEOUT;
        e->mode = S_IFCHR;
        e->uid = e->gid = 0;
        e->mtime = LAYER_NO_TIME;
        e->link = number;
    }
    if (!S_ISREG(st->st_mode) || st->st_size == 0 || st->st_blocks != 0)
        return 0;
    _cleanup_close_ int fd = -1;
    if (path_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, &fd, err) != 0)
        return -1;
    if (has_mark(fd, "metacopy", &value))
        scan->result.needs_merged_view = true;
    return 0;
}

static void add_to_fingerprint(struct scan *scan, uint32_t number, const struct stat *st)
{
    /* Without the device: its number may be another one after a boot, and what belongs to the directory, such
     * as a delta file, would not be found again. */
    const uint64_t changing[] = {(uint64_t)st->st_ino, (uint64_t)st->st_mtim.tv_sec,
                                 (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
                                 (uint64_t)st->st_ctim.tv_nsec};

    if (scan->options->has_identity)
        return;
    layer_entry_digest(&scan->layer, number, &scan->metadata);
    layer_entry_digest(&scan->layer, number, &scan->contents);
    /* A directory's size and link count depend on the file system; its times do not say more than its names.
     */
    digest_add(&scan->metadata, changing, sizeof(changing));

    int64_t ns = st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec;
    if (ns > scan->result.newest_ns)
        scan->result.newest_ns = ns;
}

/* Adds a file's bytes to the fingerprint of a layer that is small so far. */
static int add_contents(struct scan *scan, int dirfd, const char *name, const struct layer_entry *e,
                        struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    _cleanup_close_ int fd = -1;
    if (scan->layer.n_entries > scan->options->small_entries ||
        scan->contents_bytes + e->size > scan->options->small_bytes)
        scan->is_small = false;
    if (!scan->is_small || !S_ISREG(e->mode) || e->size == 0)
        return 0;
    scan->contents_bytes += e->size;
    if (path_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, &fd, err) != 0 ||
        digest_of_file(fd, e->size, name, digest, err) != 0)
        return -1;
    digest_add(&scan->contents, digest, sizeof(digest));
    return 0;
}

static void fill_entry(struct layer_entry *e, uint32_t parent, uint32_t number, const struct stat *st)
{
    *e = (struct layer_entry){.mtime = st->st_mtim.tv_sec,
                              .parent = parent,
                              .mode = st->st_mode,
                              .uid = st->st_uid,
                              .gid = st->st_gid,
                              .link = number};
    if (S_ISREG(st->st_mode))
        e->size = (uint64_t)st->st_size;
    if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode)) {
        e->major = major(st->st_rdev);
        e->minor = minor(st->st_rdev);
    }
}

static int add_entry(struct scan *scan, int dirfd, uint32_t parent, const char *name, struct error *err)
{
    struct layer *layer = &scan->layer;
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, "examine '%s'", name);
    if (ensure_room((void **)&layer->entries, &scan->entries_room, layer->n_entries, 1,
                    sizeof(*layer->entries), err) != 0)
        return -1;

    uint32_t number = layer->n_entries++;
    struct layer_entry *e = &layer->entries[number];
    fill_entry(e, parent, number, &st);
    e->name_size = (uint16_t)strlen(name);
    if (add_string(scan, name, e->name_size, &e->name, err) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 && find_link(scan, number, &st, err) != 0)
        return -1;
    if (scan->options->is_overlay && read_file_marks(scan, dirfd, name, &st, e, err) != 0)
        return -1;
    if (S_ISLNK(st.st_mode) && read_target(scan, dirfd, name, e, err) != 0)
        return -1;
    if (S_ISREG(st.st_mode) && e->link == number && place_file(scan, dirfd, name, &st, e, err) != 0)
        return -1;
    /* What is mounted inside is not part of the tree: the directory is taken as if it were empty. */
    if (S_ISDIR(st.st_mode) && st.st_dev != scan->root_dev)
        e->n = UINT32_MAX;
    add_to_fingerprint(scan, number, &st);
    return add_contents(scan, dirfd, name, e, err);
}

static int add_root(struct scan *scan, struct error *err)
{
    struct stat st;
    if (fstat(scan->root_fd, &st) != 0)
        return error_errno(err, "examine it");
    if (!S_ISDIR(st.st_mode))
        return error_number(err, ENOTDIR, "examine it");
    if (ensure_room((void **)&scan->layer.entries, &scan->entries_room, 0, 1, sizeof(*scan->layer.entries),
                    err) != 0)
        return -1;
    struct layer_entry *e = &scan->layer.entries[0];
    scan->root_dev = st.st_dev;
    scan->layer.n_entries = 1;
    fill_entry(e, 0, 0, &st);
    /* The root of an engine's layer has the time at which that was unpacked. */
    if (scan->options->is_overlay && scan->options->has_identity)
        e->mtime = LAYER_NO_TIME;
    add_to_fingerprint(scan, 0, &st);
    return 0;
}

/* Reads the directory that is entry number; its children go to the end of the entries. */
static int read_directory(struct scan *scan, uint32_t number, struct names *names, struct error *err)
{
    _cleanup_close_ int fd = -1;

    uint32_t first = scan->layer.n_entries;
    scan->layer.entries[number].first = first;
    if (scan->layer.entries[number].n == UINT32_MAX) {
        scan->layer.entries[number].n = 0;
        return 0;
    }
    if (layer_open(scan->root_fd, &scan->layer, number, O_RDONLY | O_DIRECTORY, &fd, err) != 0)
        return -1;
    if (scan->options->is_overlay)
        read_dir_marks(scan, fd, &scan->layer.entries[number]);
    int failed = read_names(fd, names, err);
    for (size_t i = 0; i < names->n && failed == 0; i++)
        failed = add_entry(scan, fd, number, names->bytes + names->offsets[i], err);
    if (failed != 0 && number != 0) {
        const struct layer_entry *e = &scan->layer.entries[number];
        return error_wrap(err, "in '%.*s'", (int)e->name_size, scan->layer.strings + e->name);
    }
    scan->layer.entries[number].n = scan->layer.n_entries - first;
    return failed;
}

/* Settles which of the two fingerprints counts. */
static void finish(struct scan *scan)
{
    if (!scan->is_small) {
        digest_finish(&scan->metadata, scan->result.fingerprint);
        return;
    }
    digest_finish(&scan->contents, scan->result.fingerprint);
    scan->result.newest_ns = 0;
    for (uint32_t i = 0; i < scan->layer.n_entries; i++)
        scan->layer.entries[i].mtime = LAYER_NO_TIME;
}

int layer_scan(int dirfd, const char *what, const struct layer_scan_options *options, struct layer *out,
               struct layer_scan_result *result, struct error *err)
{
    _cleanup_(scan_release) struct scan scan = {.root_fd = dirfd, .what = what, .options = options};
    _cleanup_(names_release) struct names names = {0};

    digest_init(&scan.metadata);
    digest_init(&scan.contents);
    scan.is_small = options->small_entries > 0;
    /* Also a tree without names has strings: the root's empty name points there. */
    if (ensure_room((void **)&scan.layer.strings, &scan.strings_room, 0, 1, 1, err) != 0)
        return -1;
    if (add_root(&scan, err) != 0)
        return error_wrap(err, "read the tree '%s'", what);
    for (uint32_t i = 0; i < scan.layer.n_entries; i++)
        if (S_ISDIR(scan.layer.entries[i].mode) && read_directory(&scan, i, &names, err) != 0)
            return error_wrap(err, "read the tree '%s'", what);
    finish(&scan);

    *out = scan.layer;
    *result = scan.result;
    scan.layer = LAYER_NONE;
    return 0;
}
