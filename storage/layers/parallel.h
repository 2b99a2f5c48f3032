/* SPDX-License-Identifier: Apache-2.0 */
/* Independent pieces of work on all processors that the process may use. */
#ifndef STORAGE_PARALLEL_H
#define STORAGE_PARALLEL_H

#include "base/error.h"

#include <stddef.h>

struct parallel {
    size_t n_pieces;
    /* Does piece i; state is the worker's own, zeroed before its first piece. */
    int (*work)(void *context, void *state, size_t i, struct error *err);
    void (*release)(void *state); /* at a worker's end; NULL: nothing to do */
    size_t state_size;
    size_t n_threads_max; /* 0: as many as there are processors; 1: the pieces are done in order */
    void *context;        /* shared: work must not change it without care */
};

/* Does all pieces, each once, in no order. Fails with the error of a piece that failed; the pieces that have
 * not begun by then are left out. No thread is left when it returns; one piece is done without any. */
int parallel_run(const struct parallel *parallel, struct error *err);

#endif
