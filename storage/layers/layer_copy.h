/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of layers' files on their way into one file, each from a block boundary on. */
#ifndef STORAGE_LAYER_COPY_H
#define STORAGE_LAYER_COPY_H

#include "layer.h"

/* What is read, digested and written at a time. What is written at once, and begins at a multiple of its
 * size, stays in the page cache in one piece where the file system can do that; and pieces of 2 MiB are what
 * one page-table entry can map. */
#define LAYER_CHUNK_BLOCKS 512u
#define LAYER_CHUNK_SIZE   (LAYER_CHUNK_BLOCKS * LAYER_BLOCK_SIZE)

/* Where files come from. */
struct layer_copy_source {
    int dirfd; /* the layer's directory; with spool_blocks: the file that holds all contents */
    const struct layer *layer;
    const uint64_t *spool_blocks;   /* of each entry: its first block in that file; NULL: it is a directory */
    _Atomic uint64_t *copied_bytes; /* grows as contents are copied; NULL: nobody wants to know */
};

/* Blocks of one file that go to one place; what lies beyond the file's end is zeros. */
struct layer_run {
    uint32_t source;
    uint32_t entry;
    uint64_t file_block;
    uint64_t n_blocks;
    uint64_t block; /* of the file written to */
};

struct layer_runs {
    struct layer_run *runs; /* ascending by block, each where the one before ends */
    size_t n, room;
    uint64_t n_blocks; /* of all */
};

#define LAYER_RUNS_NONE ((struct layer_runs){.n = 0})

/* Appends all blocks of a file. */
int layer_runs_add(struct layer_runs *runs, const struct layer_copy_source *sources, uint32_t source,
                   uint32_t entry, struct error *err);

/* Accepts LAYER_RUNS_NONE. */
void layer_runs_release(struct layer_runs *runs);

/*
 * Copies the runs into a file, from its start, on all processors. digests gets one for each LAYER_CHUNK_SIZE
 * bytes, in order; NULL: not wanted. A file that is no longer as the scan saw it is ERROR_STATE.
 */
int layer_copy(const struct layer_runs *runs, const struct layer_copy_source *sources, int out_fd,
               uint8_t (*digests)[DIGEST_SIZE], struct error *err);

/* The same on one processor and from front to back: the file's size says how much of it is there. */
int layer_copy_in_order(const struct layer_runs *runs, const struct layer_copy_source *sources, int out_fd,
                        struct error *err);

/* How many chunks a number of blocks makes. */
static inline size_t layer_count_chunks(uint64_t n_blocks)
{
    return (size_t)((n_blocks + LAYER_CHUNK_BLOCKS - 1) / LAYER_CHUNK_BLOCKS);
}

#endif
