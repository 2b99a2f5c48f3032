/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The tree is walked breadth first: entries double as the queue of directories to read, so there is
 * no recursion, and the children of a directory end up side by side. Directories that wait are read many at a
 * time, on all processors (listing.c); what they hold is then added one directory after the other, so that
 * the table does not depend on who read what.
 */
#include "layer.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "layer_open.h"
#include "listing.h"
#include "parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NS_PER_S 1000000000ll

/* How many directories are read at a time: their listings are in memory together. */
#define BATCH_MAX 256u
/* Fewer are read sooner than a thread begins to. */
#define BATCH_THREADS_MIN 16u

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
    struct listing *listings; /* of a batch; the first n_listings are in use or were */
    size_t n_listings, listings_room;
    uint32_t numbers[BATCH_MAX]; /* and the entries that they are of */
    size_t n_batch;
    struct file_xattrs *files; /* those that have attributes */
    size_t n_files, files_room;
};

/* A file with attributes. They go behind all names. */
struct file_xattrs {
    uint32_t entry;
    struct xattr_set set;
};

static void scan_release(struct scan *scan)
{
    for (size_t i = 0; i < scan->n_listings; i++)
        listing_release(&scan->listings[i]);
    free(scan->listings);
    layer_release(&scan->layer);
    free(scan->links);
    for (size_t i = 0; i < scan->n_files; i++)
        xattr_set_release(&scan->files[i].set);
    free(scan->files);
}

/* Makes room for n more of size bytes each in an array of which used are taken. */
static int ensure_room(void *array, size_t *room, size_t used, size_t n, size_t size, struct error *err)
{
    if (used + n > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "the tree has too many files");
    return array_grow(array, room, used + n, size, "a tree", err);
}

static int add_string(struct scan *scan, const char *text, size_t size, uint32_t *out_offset,
                      struct error *err)
{
    struct layer *layer = &scan->layer;
    if (ensure_room(&layer->strings, &scan->strings_room, layer->strings_size, size, 1, err) != 0)
        return -1;
    memcpy(layer->strings + layer->strings_size, text, size);
    *out_offset = (uint32_t)layer->strings_size;
    layer->strings_size += size;
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
static int find_link(struct scan *scan, uint32_t number, const struct listing_entry *from, struct error *err)
{
    if (2 * (scan->n_links + 1) > scan->links_room && grow_links(scan, err) != 0)
        return -1;
    struct link_slot *slot = &scan->links[link_index(scan, from->dev, from->ino)];
    if (slot->entry == 0) {
        *slot = (struct link_slot){.dev = from->dev, .ino = from->ino, .entry = number};
        scan->n_links++;
    }
    scan->layer.entries[number].link = slot->entry;
    return 0;
}

/* Gives a regular file its place in the pack. */
static int place_file(struct scan *scan, const struct listing *listing, struct layer_entry *e,
                      struct error *err)
{
    struct layer *layer = &scan->layer;
    uint32_t from = e->first;
    e->block = layer->n_blocks;
    if ((e->flags & LAYER_SPARSE) == 0) {
        layer->n_blocks += e->size / LAYER_BLOCK_SIZE + (e->size % LAYER_BLOCK_SIZE != 0);
        return 0;
    }
    if (ensure_room(&layer->segments, &scan->segments_room, layer->n_segments, e->n,
                    sizeof(struct layer_segment), err) != 0)
        return -1;
    e->first = layer->n_segments;
    for (uint32_t i = 0; i < e->n; i++) {
        struct layer_segment *s = &layer->segments[layer->n_segments++];
        *s = listing->segments[from + i];
        s->pack_block = layer->n_blocks;
        layer->n_blocks += s->n_blocks;
    }
    return 0;
}

/* Takes over the attributes of an entry, which is not a hard link to an earlier one. */
static int take_xattrs(struct scan *scan, uint32_t number, struct xattr_set *set, struct error *err)
{
    if (array_grow(&scan->files, &scan->files_room, scan->n_files + 1, sizeof(*scan->files), "attributes",
                   err) != 0)
        return -1;
    scan->files[scan->n_files++] = (struct file_xattrs){number, *set};
    *set = XATTR_SET_NONE;
    return 0;
}

static void add_to_fingerprint(struct scan *scan, uint32_t number, const struct listing_entry *from)
{
    /* Without the device: its number may be another one after a boot, and what belongs to the directory, such
     * as a delta file, would not be found again. */
    const uint64_t changing[] = {from->ino, (uint64_t)from->mtime, from->mtime_ns, (uint64_t)from->ctime,
                                 from->ctime_ns};

    if (scan->options->has_identity)
        return;
    layer_entry_digest(&scan->layer, number, &scan->metadata);
    layer_entry_digest(&scan->layer, number, &scan->contents);
    /* A directory's size and link count depend on the file system; its times do not say more than its names.
     */
    digest_add(&scan->metadata, changing, sizeof(changing));

    int64_t ns = from->ctime * NS_PER_S + (int64_t)from->ctime_ns;
    if (ns > scan->result.newest_ns)
        scan->result.newest_ns = ns;
}

/* Adds a file's bytes to the fingerprint of a layer that is small so far. */
static int add_contents(struct scan *scan, uint32_t number, struct error *err)
{
    const struct layer_entry *e = &scan->layer.entries[number];
    uint8_t digest[DIGEST_SIZE];
    _cleanup_close_ int fd = -1;
    if (scan->layer.n_entries > scan->options->small_entries ||
        scan->contents_bytes + e->size > scan->options->small_bytes)
        scan->is_small = false;
    if (!scan->is_small || !S_ISREG(e->mode) || e->size == 0)
        return 0;
    scan->contents_bytes += e->size;
    if (layer_open(scan->root_fd, &scan->layer, number, O_RDONLY | O_NONBLOCK, &fd, err) != 0 ||
        digest_of_file(fd, e->size, "a file", digest, err) != 0)
        return -1;
    digest_add(&scan->contents, digest, sizeof(digest));
    return 0;
}

static int add_entry(struct scan *scan, uint32_t parent, const struct listing *listing,
                     const struct listing_entry *from, struct error *err)
{
    struct layer *layer = &scan->layer;
    if (ensure_room(&layer->entries, &scan->entries_room, layer->n_entries, 1, sizeof(*layer->entries),
                    err) != 0)
        return -1;

    uint32_t number = layer->n_entries++;
    struct layer_entry *e = &layer->entries[number];
    *e = from->entry;
    e->parent = parent;
    e->link = number;
    if (add_string(scan, listing->strings + e->name, e->name_size, &e->name, err) != 0)
        return -1;
    if (from->is_linked && find_link(scan, number, from, err) != 0)
        return -1;
    if (S_ISLNK(e->mode) &&
        add_string(scan, listing->strings + e->target, e->target_size, &e->target, err) != 0)
        return -1;
    if (e->link != number) {
        e->flags &= ~(uint32_t)LAYER_SPARSE;
        e->first = e->n = 0;
    } else if (S_ISREG(e->mode) && place_file(scan, listing, e, err) != 0) {
        return -1;
    }
    /* What is mounted inside is not part of the tree: the directory is taken as if it were empty. */
    if (S_ISDIR(e->mode) && from->dev != scan->root_dev)
        e->n = UINT32_MAX;
    if (from->xattrs != 0 && e->link == number &&
        take_xattrs(scan, number, &listing->xattrs[from->xattrs - 1], err) != 0)
        return -1;
    add_to_fingerprint(scan, number, from);
    return add_contents(scan, number, err);
}

static int add_root(struct scan *scan, struct error *err)
{
    struct listing_entry root;
    struct stat st;
    if (fstat(scan->root_fd, &st) != 0)
        return error_errno(err, "examine it");
    if (!S_ISDIR(st.st_mode))
        return error_number(err, ENOTDIR, "examine it");
    if (ensure_room(&scan->layer.entries, &scan->entries_room, 0, 1, sizeof(*scan->layer.entries), err) != 0)
        return -1;
    listing_describe(&root, &st);
    scan->layer.entries[0] = root.entry;
    scan->layer.n_entries = 1;
    scan->root_dev = root.dev;
    /* The root of an engine's layer has the time at which that was unpacked. */
    if (scan->options->is_overlay && scan->options->has_identity)
        scan->layer.entries[0].mtime = LAYER_NO_TIME;
    add_to_fingerprint(scan, 0, &root);
    return 0;
}

/* Says in which directory something went wrong. */
static int wrap(const struct scan *scan, uint32_t number, struct error *err)
{
    const struct layer_entry *e = &scan->layer.entries[number];
    if (number == 0)
        return -1;
    return error_wrap(err, "in '%.*s'", (int)e->name_size, scan->layer.strings + e->name);
}

/* Reads one directory of the batch. Others are read meanwhile: the scan is not changed. */
static int read_directory(void *context, void *state, size_t i, struct error *err)
{
    const struct scan *scan = context;
    uint32_t number = scan->numbers[i];
    _cleanup_close_ int fd = -1;
    (void)state;
    if (scan->layer.entries[number].n == UINT32_MAX)
        return 0;
    if (layer_open(scan->root_fd, &scan->layer, number, O_RDONLY | O_DIRECTORY, &fd, err) != 0)
        return -1;
    if (listing_read(&scan->listings[i], fd, scan->options->is_overlay, err) != 0)
        return wrap(scan, number, err);
    return 0;
}

/* Appends what a directory holds to the entries. */
static int add_directory(struct scan *scan, uint32_t number, struct listing *listing, struct error *err)
{
    struct layer_entry *e = &scan->layer.entries[number];
    uint32_t first = scan->layer.n_entries;
    bool is_mount = e->n == UINT32_MAX;
    e->first = first;
    e->n = 0;
    if (is_mount)
        return 0;
    e->flags |= listing->flags;
    scan->result.needs_merged_view |= listing->needs_merged_view;
    /* Entries are digested as they are found, and this is found later. */
    if (listing->flags != 0) {
        digest_add(&scan->metadata, &e->flags, sizeof(e->flags));
        digest_add(&scan->contents, &e->flags, sizeof(e->flags));
    }
    if (listing->own.n > 0 && take_xattrs(scan, number, &listing->own, err) != 0)
        return -1;
    for (size_t i = 0; i < listing->n; i++)
        if (add_entry(scan, number, listing, &listing->entries[i], err) != 0)
            return wrap(scan, number, err);
    scan->layer.entries[number].n = scan->layer.n_entries - first;
    return 0;
}

/* Takes the next directories that wait, from entry *next on. */
static void take_batch(struct scan *scan, uint32_t *next)
{
    scan->n_batch = 0;
    for (; *next < scan->layer.n_entries && scan->n_batch < BATCH_MAX; (*next)++)
        if (S_ISDIR(scan->layer.entries[*next].mode))
            scan->numbers[scan->n_batch++] = *next;
}

static int ensure_listings(struct scan *scan, struct error *err)
{
    if (array_grow(&scan->listings, &scan->listings_room, scan->n_batch, sizeof(*scan->listings), "a tree",
                   err) != 0)
        return -1;
    while (scan->n_listings < scan->n_batch)
        scan->listings[scan->n_listings++] = LISTING_NONE;
    return 0;
}

static int read_tree(struct scan *scan, struct error *err)
{
    uint32_t next = 0;
    for (take_batch(scan, &next); scan->n_batch > 0; take_batch(scan, &next)) {
        if (ensure_listings(scan, err) != 0)
            return -1;
        const struct parallel parallel = {.n_pieces = scan->n_batch,
                                          .work = read_directory,
                                          .n_threads_max = scan->n_batch < BATCH_THREADS_MIN ? 1 : 0,
                                          .context = scan};
        if (parallel_run(&parallel, err) != 0)
            return -1;
        for (size_t i = 0; i < scan->n_batch; i++)
            if (add_directory(scan, scan->numbers[i], &scan->listings[i], err) != 0)
                return -1;
    }
    return 0;
}

static int compare_files(const void *a, const void *b)
{
    const struct file_xattrs *fa = a, *fb = b;
    return (fa->entry > fb->entry) - (fa->entry < fb->entry);
}

/* Puts the attributes behind everything else, and settles which of the two fingerprints counts. */
static int finish(struct scan *scan, struct error *err)
{
    /* Those of a directory came later than those of its neighbours. */
    if (scan->n_files > 1)
        qsort(scan->files, scan->n_files, sizeof(*scan->files), compare_files);
    for (size_t i = 0; i < scan->n_files; i++)
        if (layer_add_xattrs(&scan->layer, scan->files[i].entry, &scan->files[i].set, err) != 0)
            return -1;
    if (!scan->is_small) {
        digest_finish(&scan->metadata, scan->result.fingerprint);
        return 0;
    }
    layer_xattrs_digest(&scan->layer, &scan->contents);
    digest_finish(&scan->contents, scan->result.fingerprint);
    scan->result.newest_ns = 0;
    for (uint32_t i = 0; i < scan->layer.n_entries; i++)
        scan->layer.entries[i].mtime = LAYER_NO_TIME;
    return 0;
}

int layer_scan(int dirfd, const char *what, const struct layer_scan_options *options, struct layer *out,
               struct layer_scan_result *result, struct error *err)
{
    _cleanup_(scan_release) struct scan scan = {.root_fd = dirfd, .what = what, .options = options};

    digest_init(&scan.metadata);
    digest_init(&scan.contents);
    scan.is_small = options->small_entries > 0;
    /* Also a tree without names has strings: the root's empty name points there. */
    if (ensure_room(&scan.layer.strings, &scan.strings_room, 0, 1, 1, err) != 0)
        return -1;
    if (add_root(&scan, err) != 0 || read_tree(&scan, err) != 0)
        return error_wrap(err, "read the tree '%s'", what);
    if (finish(&scan, err) != 0)
        return error_wrap(err, "read the tree '%s'", what);

    *out = scan.layer;
    *result = scan.result;
    scan.layer = LAYER_NONE;
    return 0;
}
