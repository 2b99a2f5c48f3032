/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A descriptor and a mapping for each file would be exact but dear, and descriptors are counted;
 * copying everything is what a pack costs. So the largest files are mapped in place, as most bytes are in few
 * files, and the many small ones are copied, in the order of the pack, so that they make few extents. Copying
 * takes memory and time for each byte, all else only for each file: where it is much, the container starts
 * without, and waits when it reads a block that is not there yet.
 */
#include "image_direct.h"

#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/lock.h"
#include "image_compose.h"
#include "layer_copy.h"
#include "layer_open.h"
#include "pack_store.h"
#include "parallel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The most files that are mapped in place. The monitor that gets their descriptors may have a limit of 1024.
 */
#define DIRECT_FILES_MAX 512
/* Copying less than this is cheaper than a descriptor that is opened, sent and mapped. */
#define DIRECT_MIN_BLOCKS 16u
/* Less than this is copied sooner than somebody else could begin to. */
#define FILL_MIN_BLOCKS LAYER_CHUNK_BLOCKS
/* A generated part of less than this is written sooner than a thread begins to. */
#define THREAD_MIN_BYTES (1u << 20)

/* A visible file of a layer that has no pack. */
struct candidate {
    uint32_t layer;
    uint32_t entry;
    uint64_t n_blocks;
    bool is_direct;
};

struct direct {
    const struct source *source;
    struct composition composition;
    struct image image; /* data file 0: the generated part; 1: copies; 2: what is filled; then packs, files */
    size_t fds_room;
    struct extent_list extents;
    struct candidate *candidates; /* in the order of layers and entries */
    size_t n_candidates;
    struct layer_copy_source *sources;
    struct layer_runs copies; /* into data file 1 */
    struct image_fill fill;   /* into data file 2, if there is anything to fill */
    int *pack_fds;            /* of each layer; -1: read in place, or handed over to image */
};

static void direct_release(struct direct *d)
{
    for (uint32_t i = 0; d->pack_fds != NULL && i < d->source->n_layers; i++)
        cleanup_close(&d->pack_fds[i]);
    free(d->pack_fds);
    free(d->candidates);
    free(d->sources);
    layer_runs_release(&d->copies);
    image_fill_release(&d->fill);
    extent_list_release(&d->extents);
    image_release(&d->image);
    composition_release(&d->composition);
}

bool image_direct_helps(const struct store *store, const struct source *source)
{
    for (uint32_t i = 0; i < source->n_layers; i++)
        if (source->layers[i].is_lasting && faccessat(store->data_fd, source->layers[i].key, F_OK, 0) != 0)
            return true;
    return false;
}

/* Opens the packs that are there. To make one now would mean to wait for the disk. */
static int open_packs(const struct store *store, struct source *source, struct direct *d, struct error *err)
{
    _cleanup_close_ int collect_lock = -1;
    if (lock_acquire(store->lock_fd, STORE_COLLECT_LOCK, LOCK_SHARED, true, &collect_lock, err) != 0)
        return -1;
    d->pack_fds = malloc(source->n_layers * sizeof(int));
    if (d->pack_fds == NULL)
        return error_errno(err, "open the packs");
    for (uint32_t i = 0; i < source->n_layers; i++)
        d->pack_fds[i] = -1;
    for (uint32_t i = 0; i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        if (faccessat(store->data_fd, layer->key, F_OK, 0) == 0) {
            if (pack_store_ensure(store, layer, &d->pack_fds[i], NULL, err) != 0 ||
                pack_store_check(store, layer->key, d->pack_fds[i], err) != 0)
                return -1;
        } else if (source_layer_scan(layer, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Takes over a descriptor as the image's next data file. */
static int add_data_fd(struct direct *d, int *fd, uint32_t *out_number, struct error *err)
{
    struct image *image = &d->image;
    if (image->n_data_fds == d->fds_room) {
        size_t room = d->fds_room == 0 ? 64 : d->fds_room * 2;
        int *grown = reallocarray(image->data_fds, room, sizeof(int));
        if (grown == NULL)
            return error_errno(err, "list the data files");
        image->data_fds = grown;
        d->fds_room = room;
    }
    *out_number = (uint32_t)image->n_data_fds;
    image->data_fds[image->n_data_fds++] = take_fd(fd);
    return 0;
}

static int list_candidates(struct direct *d, struct error *err)
{
    const struct composition *c = &d->composition;
    size_t room = 0;
    for (uint32_t i = 0; i < d->source->n_layers; i++)
        room += d->pack_fds[i] < 0 ? c->layers[i].n_entries : 0;
    d->candidates = calloc(room + 1, sizeof(*d->candidates));
    if (d->candidates == NULL)
        return error_errno(err, "list the files");
    for (uint32_t i = 0; i < d->source->n_layers; i++) {
        for (uint32_t e = 0; d->pack_fds[i] < 0 && e < c->layers[i].n_entries; e++) {
            uint64_t n = c->visible[i][e] ? layer_entry_blocks(&c->layers[i], e) : 0;
            if (n > 0)
                d->candidates[d->n_candidates++] = (struct candidate){.layer = i, .entry = e, .n_blocks = n};
        }
    }
    return 0;
}

static int compare_sizes(const void *a, const void *b)
{
    const struct candidate *ca = *(const struct candidate *const *)a,
                           *cb = *(const struct candidate *const *)b;
    if (ca->n_blocks != cb->n_blocks)
        return ca->n_blocks > cb->n_blocks ? -1 : 1;
    return (ca > cb) - (ca < cb);
}

/* How many files may be opened: what the process's limit leaves after the packs and what else is open. */
static size_t count_allowed(const struct direct *d)
{
    struct rlimit limit;
    size_t reserved = 64 + d->source->n_layers;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 < reserved)
        return 0;
    size_t allowed = (size_t)(limit.rlim_cur / 2) - reserved;
    return allowed < DIRECT_FILES_MAX ? allowed : DIRECT_FILES_MAX;
}

static int choose_direct(struct direct *d, struct error *err)
{
    _cleanup_free_ struct candidate **order = calloc(d->n_candidates + 1, sizeof(struct candidate *));
    size_t n = 0;
    if (order == NULL)
        return error_errno(err, "choose the files");
    /* What may still change is copied. */
    for (size_t i = 0; i < d->n_candidates; i++)
        if (d->source->layers[d->candidates[i].layer].is_lasting)
            order[n++] = &d->candidates[i];
    qsort(order, n, sizeof(struct candidate *), compare_sizes);
    size_t allowed = count_allowed(d);
    for (size_t i = 0; i < n && i < allowed && order[i]->n_blocks >= DIRECT_MIN_BLOCKS; i++)
        order[i]->is_direct = true;
    return 0;
}

/* Lets a file's blocks be read from the file itself. */
static int add_direct(struct direct *d, const struct candidate *candidate, struct error *err)
{
    const struct layer *layer = &d->composition.layers[candidate->layer];
    const struct layer_entry *e = &layer->entries[candidate->entry];
    const struct ext2_plan *plan = &d->composition.plan;
    _cleanup_close_ int fd = -1;
    uint32_t file;

    if (layer_open_file(d->source->layers[candidate->layer].dirfd, layer, candidate->entry, &fd, err) != 0 ||
        add_data_fd(d, &fd, &file, err) != 0)
        return -1;
    if ((e->flags & LAYER_SPARSE) == 0)
        return ext2_emit_pack_extents(plan, candidate->layer, e->block, candidate->n_blocks, file, 0,
                                      &d->extents, err);
    for (uint32_t i = 0; i < e->n; i++) {
        const struct layer_segment *s = &layer->segments[e->first + i];
        if (ext2_emit_pack_extents(plan, candidate->layer, s->pack_block, s->n_blocks, file, s->file_block,
                                   &d->extents, err) != 0)
            return -1;
    }
    return 0;
}

/* Adds extents for a file that is copied into a data file; the copy comes later, in the same order. */
static int add_copy(struct direct *d, const struct candidate *candidate, struct layer_runs *runs,
                    uint32_t file, struct error *err)
{
    const struct layer *layer = &d->composition.layers[candidate->layer];
    const struct layer_entry *e = &layer->entries[candidate->entry];
    bool is_sparse = (e->flags & LAYER_SPARSE) != 0;
    uint64_t block = is_sparse ? layer->segments[e->first].pack_block : e->block;
    if (ext2_emit_pack_extents(&d->composition.plan, candidate->layer, block, candidate->n_blocks, file,
                               runs->n_blocks, &d->extents, err) != 0)
        return -1;
    return layer_runs_add(runs, d->sources, candidate->layer, candidate->entry, err);
}

/* The tables are the source's, which lives as long as the copying takes. */
static int list_sources(struct direct *d, struct error *err)
{
    d->sources = calloc(d->source->n_layers, sizeof(*d->sources));
    if (d->sources == NULL)
        return error_errno(err, "copy files");
    for (uint32_t i = 0; i < d->source->n_layers; i++)
        d->sources[i] = (struct layer_copy_source){.dirfd = d->source->layers[i].dirfd,
                                                   .layer = &d->source->layers[i].layer};
    return 0;
}

/* What may still change is copied at once, so that it is what the key says. */
static bool can_wait(const struct direct *d, const struct candidate *candidate)
{
    return d->source->layers[candidate->layer].is_lasting && !candidate->is_direct;
}

/* Whether it pays to start without the copies. */
static bool is_much(const struct direct *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->n_candidates; i++)
        n += can_wait(d, &d->candidates[i]) ? d->candidates[i].n_blocks : 0;
    return n >= FILL_MIN_BLOCKS;
}

static int add_files(struct direct *d, struct error *err)
{
    bool fills = d->fill.file_fd >= 0;
    for (size_t i = 0; i < d->n_candidates; i++) {
        const struct candidate *c = &d->candidates[i];
        bool is_late = fills && can_wait(d, c);
        int failed = c->is_direct ? add_direct(d, c, err)
                     : is_late    ? add_copy(d, c, &d->fill.runs, 2, err)
                                  : add_copy(d, c, &d->copies, 1, err);
        if (failed != 0)
            return -1;
    }
    if (layer_copy(&d->copies, d->sources, d->image.data_fds[1], NULL, err) != 0)
        return -1;
    d->fill.sources = take_ptr(d->sources);
    return 0;
}

/* An unnamed file on the store's disk: it can be written back and dropped, where a memory file cannot. */
static int add_temporary(const struct store *store, struct direct *d, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    uint32_t number;
    if (atomic_file_begin(&file, store->data_fd, 0600, err) != 0)
        return -1;
    return add_data_fd(d, &file.fd, &number, err);
}

/* Makes the file that grows while the container runs. The image reads it, and has nothing to write it with.
 */
static int begin_fill(const struct store *store, struct direct *d, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_close_ int fd = -1;
    char path[64];
    int ends[2];
    uint32_t number;

    if (atomic_file_begin(&file, store->data_fd, 0600, err) != 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file.fd);
    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) != 0 || add_data_fd(d, &fd, &number, err) != 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_errno(err, "make a pipe");
    d->image.filling_fd = ends[0];
    d->fill.pipe_fd = ends[1];
    d->fill.file_fd = take_fd(&file.fd);
    return 0;
}

static int write_extents(const struct store *store, struct direct *d, struct error *err)
{
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    extent_list_sort(&d->extents);
    if (atomic_file_begin(&file, store->data_fd, 0600, err) != 0 ||
        fd_write_all(file.fd, d->extents.extents, d->extents.n * sizeof(struct extent), "the extents", err) !=
            0)
        return -1;
    d->image.extents_fd = take_fd(&file.fd);
    d->image.n_extents = d->extents.n;
    d->image.capacity = composition_capacity(&d->composition);
    return 0;
}

static int add_pack_files(struct direct *d, struct error *err)
{
    for (uint32_t i = 0; i < d->source->n_layers; i++) {
        uint32_t number;
        if (d->pack_fds[i] < 0)
            continue;
        if (add_data_fd(d, &d->pack_fds[i], &number, err) != 0 ||
            composition_add_pack(&d->composition, i, number, &d->extents, err) != 0)
            return -1;
    }
    return 0;
}

/* Finds where all files' contents are, and copies what cannot wait. */
static int place_files(const struct store *store, struct direct *d, struct error *err)
{
    if (list_candidates(d, err) != 0 || choose_direct(d, err) != 0 || list_sources(d, err) != 0 ||
        (is_much(d) && begin_fill(store, d, err) != 0) || add_files(d, err) != 0 ||
        add_pack_files(d, err) != 0)
        return -1;
    return write_extents(store, d, err);
}

/* What is left to do once the generated part is in memory. */
struct finish {
    const struct store *store;
    struct direct *direct;
    int meta_fd;
};

/* Piece 0 writes the generated part, which takes as long as the other. */
static int finish_piece(void *context, void *state, size_t piece, struct error *err)
{
    const struct finish *finish = context;
    (void)state;
    return piece == 0 ? ext2_meta_write(&finish->direct->composition.meta, finish->meta_fd, err)
                      : place_files(finish->store, finish->direct, err);
}

static int open_direct(const struct store *store, struct source *source, struct direct *d, struct error *err)
{
    if (open_packs(store, source, d, err) != 0 ||
        composition_init(&d->composition, source, source->n_layers, err) != 0 ||
        add_temporary(store, d, err) != 0 || add_temporary(store, d, err) != 0 ||
        ext2_meta_add_extents(&d->composition.meta, 0, &d->extents, err) != 0)
        return -1;
    d->image.n_meta_fds = 1;
    struct finish finish = {.store = store, .direct = d, .meta_fd = d->image.data_fds[0]};
    const struct parallel parallel = {.n_pieces = 2,
                                      .work = finish_piece,
                                      .n_threads_max = d->composition.meta.size < THREAD_MIN_BYTES ? 1 : 0,
                                      .context = &finish};
    return parallel_run(&parallel, err);
}

int image_direct_open(const struct store *store, struct source *source, const char *key, struct image *out,
                      struct image_fill *out_fill, struct error *err)
{
    _cleanup_(direct_release) struct direct d = {
        .source = source, .image = IMAGE_NONE, .fill = IMAGE_FILL_NONE};
    if (open_direct(store, source, &d, err) != 0)
        return error_wrap(err, "compose the image '%s'", key);
    memcpy(d.image.key, key, sizeof(d.image.key));
    *out = d.image;
    d.image = IMAGE_NONE;
    *out_fill = d.fill;
    d.fill = IMAGE_FILL_NONE;
    return 0;
}
