/* SPDX-License-Identifier: Apache-2.0 */
/* A second thread of the monitor, with a list of system calls of its own. */
#ifndef THREAD_H
#define THREAD_H

#include "base/error.h"
#include "syscall_filter.h"

#include <stdatomic.h>

struct thread {
    const char *name;           /* what ps(1) calls it */
    struct syscall_filter list; /* what it may do */
    void (*serve)(void *context);
    void *context;
    /* thread_start()'s own */
    _Atomic int state;
    struct error error;
};

/*
 * Starts a thread that has entered its list when this returns, and runs serve, which does not return. It
 * takes no signals but those that it causes itself. thread must stay. After an error there is no thread.
 */
int thread_start(struct thread *thread, struct error *err);

#endif
