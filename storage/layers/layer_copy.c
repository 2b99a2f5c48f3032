/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The file written to is cut into chunks, and each chunk is one piece of work: the runs that touch it
 * are read into a buffer, which is then digested while it is in the processor's cache, and written at its
 * place. So small files share a write, a large file is copied by all processors, and memory is a chunk for
 * each of them. Files of one directory follow one another, so the directory is kept open.
 */
#include "layer_copy.h"

#include "base/cleanup.h"
#include "layer_open.h"
#include "parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* What a worker keeps from one file to the next. */
struct copier {
    uint8_t *buffer;
    size_t used;
    int dir_fd; /* of the directory of the last file, if has_dir */
    uint32_t dir_source, dir_entry;
    bool has_dir;
};

struct job {
    const struct layer_runs *runs;
    const struct layer_copy_source *sources;
    int out_fd;
    uint8_t (*digests)[DIGEST_SIZE];
};

static int add_run(struct layer_runs *runs, const struct layer_run *run, struct error *err)
{
    if (runs->n == runs->room) {
        size_t room = runs->room == 0 ? 64 : 2 * runs->room;
        struct layer_run *grown = reallocarray(runs->runs, room, sizeof(*grown));
        if (grown == NULL)
            return error_errno(err, "list what to copy");
        runs->runs = grown;
        runs->room = room;
    }
    runs->runs[runs->n] = *run;
    runs->runs[runs->n++].block = runs->n_blocks;
    runs->n_blocks += run->n_blocks;
    return 0;
}

int layer_runs_add(struct layer_runs *runs, const struct layer_copy_source *sources, uint32_t source,
                   uint32_t entry, struct error *err)
{
    const struct layer *layer = sources[source].layer;
    const struct layer_entry *e = &layer->entries[entry];
    struct layer_run run = {.source = source, .entry = entry, .n_blocks = layer_entry_blocks(layer, entry)};
    if (run.n_blocks == 0)
        return 0;
    if ((e->flags & LAYER_SPARSE) == 0)
        return add_run(runs, &run, err);
    for (uint32_t i = 0; i < e->n; i++) {
        run.file_block = layer->segments[e->first + i].file_block;
        run.n_blocks = layer->segments[e->first + i].n_blocks;
        if (add_run(runs, &run, err) != 0)
            return -1;
    }
    return 0;
}

void layer_runs_release(struct layer_runs *runs)
{
    free(runs->runs);
    *runs = LAYER_RUNS_NONE;
}

/* Opens a file by its directory, which stays open for its neighbours. */
static int open_file(struct copier *copier, const struct layer_copy_source *source, uint32_t source_number,
                     uint32_t entry, int *out_fd, struct error *err)
{
    const struct layer_entry *e = &source->layer->entries[entry];
    char name[NAME_MAX + 1];
    if (!copier->has_dir || copier->dir_source != source_number || copier->dir_entry != e->parent) {
        if (copier->has_dir)
            close(copier->dir_fd);
        copier->has_dir = false;
        if (layer_open(source->dirfd, source->layer, e->parent, O_PATH | O_DIRECTORY, &copier->dir_fd, err) !=
            0)
            return -1;
        copier->has_dir = true;
        copier->dir_source = source_number;
        copier->dir_entry = e->parent;
    }
    memcpy(name, source->layer->strings + e->name, e->name_size);
    name[e->name_size] = '\0';
    *out_fd = openat(copier->dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (*out_fd < 0)
        return error_errno(err, "open '%s'", name);
    return 0;
}

/* Reads n_blocks blocks of a file. Reading goes on to the end of the last block, so that a file that has
 * grown shows. */
static int read_blocks(int fd, uint64_t block, uint64_t n_blocks, uint64_t file_size, uint8_t *buffer,
                       struct error *err)
{
    uint64_t at = block * LAYER_BLOCK_SIZE, end = at + n_blocks * LAYER_BLOCK_SIZE;
    uint64_t expected = (file_size < end ? file_size : end) - at, done = 0;
    while (done < end - at) {
        ssize_t n = pread(fd, buffer + done, (size_t)(end - at - done), (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != ESPIPE && errno != EISDIR)
            return error_errno(err, "read it");
        if (n <= 0)
            break;
        done += (uint64_t)n;
        if (done == expected)
            break;
    }
    if (done != expected)
        return error_set(err, ERROR_STATE, "it was changed while it was read");
    memset(buffer + done, 0, (size_t)(end - at - done));
    return 0;
}

/* Adds the part of a run that is in [from, to), in blocks written to. */
static int add_part(const struct job *job, struct copier *copier, const struct layer_run *run, uint64_t from,
                    uint64_t to, struct error *err)
{
    const struct layer_copy_source *source = &job->sources[run->source];
    const struct layer_entry *e = &source->layer->entries[run->entry];
    _cleanup_close_ int fd = -1;
    uint64_t skip = from > run->block ? from - run->block : 0;
    uint64_t n = (run->block + run->n_blocks < to ? run->block + run->n_blocks : to) - run->block - skip;

    /* A spool has whole blocks. */
    uint64_t first = source->spool_blocks != NULL ? source->spool_blocks[run->entry] : 0;
    uint64_t size = source->spool_blocks != NULL ? UINT64_MAX : e->size;
    if (source->spool_blocks == NULL && open_file(copier, source, run->source, run->entry, &fd, err) != 0)
        return -1;
    if (read_blocks(fd >= 0 ? fd : source->dirfd, first + run->file_block + skip, n, size,
                    copier->buffer + copier->used, err) != 0)
        return error_wrap(err, "'%.*s'", (int)e->name_size, source->layer->strings + e->name);
    copier->used += (size_t)(n * LAYER_BLOCK_SIZE);
    if (source->copied_bytes != NULL)
        *source->copied_bytes += n * LAYER_BLOCK_SIZE;
    return 0;
}

/* The run that holds a block. */
static size_t find_run(const struct layer_runs *runs, uint64_t block)
{
    size_t low = 0, high = runs->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (runs->runs[middle].block <= block)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int write_at(int fd, const uint8_t *bytes, size_t size, uint64_t off, struct error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, bytes + done, size - done, (off_t)(off + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "write files' contents");
        done += (size_t)n;
    }
    return 0;
}

static int copy_chunk(void *context, void *state, size_t chunk, struct error *err)
{
    const struct job *job = context;
    struct copier *copier = state;
    uint64_t from = (uint64_t)chunk * LAYER_CHUNK_BLOCKS, to = from + LAYER_CHUNK_BLOCKS;
    if (to > job->runs->n_blocks)
        to = job->runs->n_blocks;
    if (copier->buffer == NULL && (copier->buffer = malloc(LAYER_CHUNK_SIZE)) == NULL)
        return error_errno(err, "copy files");

    copier->used = 0;
    for (size_t i = find_run(job->runs, from); i < job->runs->n && job->runs->runs[i].block < to; i++)
        if (add_part(job, copier, &job->runs->runs[i], from, to, err) != 0)
            return -1;
    if (job->digests != NULL)
        digest_of(copier->buffer, copier->used, job->digests[chunk]);
    if (write_at(job->out_fd, copier->buffer, copier->used, from * LAYER_BLOCK_SIZE, err) != 0)
        return -1;
    sync_file_range(job->out_fd, (off_t)(from * LAYER_BLOCK_SIZE), (off_t)copier->used,
                    SYNC_FILE_RANGE_WRITE);
    return 0;
}

static void release_copier(void *state)
{
    struct copier *copier = state;
    if (copier->has_dir)
        close(copier->dir_fd);
    free(copier->buffer);
}

static int run(struct job *job, size_t n_threads_max, struct error *err)
{
    const struct parallel parallel = {.n_pieces = layer_count_chunks(job->runs->n_blocks),
                                      .work = copy_chunk,
                                      .release = release_copier,
                                      .state_size = sizeof(struct copier),
                                      .n_threads_max = n_threads_max,
                                      .context = job};
    return parallel_run(&parallel, err);
}

int layer_copy(const struct layer_runs *runs, const struct layer_copy_source *sources, int out_fd,
               uint8_t (*digests)[DIGEST_SIZE], struct error *err)
{
    struct job job = {.runs = runs, .sources = sources, .out_fd = out_fd, .digests = digests};
    return run(&job, 0, err);
}

int layer_copy_in_order(const struct layer_runs *runs, const struct layer_copy_source *sources, int out_fd,
                        struct error *err)
{
    struct job job = {.runs = runs, .sources = sources, .out_fd = out_fd};
    return run(&job, 1, err);
}
