/* SPDX-License-Identifier: Apache-2.0 */
/* Work that goes on when the caller has long ended. */
#ifndef STORAGE_BACKGROUND_H
#define STORAGE_BACKGROUND_H

#include "base/error.h"

#include <stddef.h>

/*
 * Runs work(argument) in a process of its own: nobody's child, in its own session, /dev/null as its stdio and
 * no other descriptor than those listed, so that nobody who waits for the end of a pipe waits for it.
 */
int background_run(void (*work)(void *argument), void *argument, const int *fds, size_t n_fds,
                   struct error *err);

/* Called by the work: nobody waits for the rest of it, so it goes on with the lowest priorities. */
void background_yield(void);

#endif
