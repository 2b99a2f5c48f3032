/* SPDX-License-Identifier: Apache-2.0 */
/* Further threads of the monitor, each with a list of system calls of its own. */
#ifndef THREAD_H
#define THREAD_H

#include "base/error.h"
#include "syscall_filter.h"

#include <stdatomic.h>

/*
 * A thread may watch what the guest does without telling anybody: it looks now and then. Between two looks
 * the kernel adds 50 µs and the time to wake up. So many looks in vain end a watch; that the guest tells
 * twice within such a time makes one worth it.
 */
#define WATCH_LOOK_NS       850000
#define WATCH_LOOKS_IN_VAIN 4u
#define WATCH_WITHIN_US     1000u

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
