/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack of compensations: whoever changes something outside the process pushes what takes it back, and a
 * failure further on runs them all, last first. Success forgets them.
 *
 *     _cleanup_(undo_run) struct undo undo = UNDO_NONE;
 *     ...change something...
 *     undo_push(&undo, remove_it, it);
 *     ...
 *     undo_forget(&undo);
 */
#ifndef UNDO_H
#define UNDO_H

#include "base/error.h"

#include <stddef.h>

/* An operation has fewer steps than this; more is a bug of the program. */
#define UNDO_MAX 16

/* Takes one change back. What goes wrong is logged as a warning, and the next one runs all the same. */
typedef int undo_function(void *object, struct error *err);

struct undo {
    struct {
        undo_function *function;
        void *object;
    } steps[UNDO_MAX];
    size_t n;
};

#define UNDO_NONE ((struct undo){.n = 0})

/* object must live until undo_run or undo_forget. */
void undo_push(struct undo *undo, undo_function *function, void *object);

/* Runs and removes all steps, last first. Preserves errno. */
void undo_run(struct undo *undo);

/* Removes all steps: the operation has succeeded. */
void undo_forget(struct undo *undo);

#endif
