/* SPDX-License-Identifier: Apache-2.0 */
/* Work that goes on when the caller has long ended. */
#ifndef STORAGE_BACKGROUND_H
#define STORAGE_BACKGROUND_H

#include "base/error.h"

#include <stddef.h>

/*
 * Runs work(argument) in a process of its own: nobody's child, in its own session, with the lowest
 * priorities, /dev/null as its stdio and no other descriptor than those listed, so that nobody who waits for
 * the end of a pipe waits for it. Failures of the work are nobody's: it was only meant to save time.
 */
int background_run(void (*work)(void *argument), void *argument, const int *fds, size_t n_fds,
                   struct error *err);

#endif
