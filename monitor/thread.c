/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

#include "signals.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#define STACK_BYTES (64u << 10)

enum thread_state { THREAD_STARTING, THREAD_SERVING, THREAD_FAILED };

static void *thread_main(void *arg)
{
    struct thread *thread = arg;

    (void)prctl(PR_SET_NAME, thread->name, 0, 0, 0);
    if (syscall_filter_load(&thread->list, &thread->error) < 0) {
        atomic_store_explicit(&thread->state, THREAD_FAILED, memory_order_release);
        return NULL;
    }
    atomic_store_explicit(&thread->state, THREAD_SERVING, memory_order_release);
    thread->serve(thread->context);
    return NULL;
}

static int create(struct thread *thread, pthread_t *out, struct error *err)
{
    pthread_attr_t attributes;
    sigset_t blocked, saved;

    signals_fill_with_others(&blocked);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &blocked, &saved);
    int result = pthread_create(out, &attributes, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    pthread_attr_destroy(&attributes);
    if (result != 0)
        return error_number(err, result, "make a thread");
    return 0;
}

int thread_start(struct thread *thread, struct error *err)
{
    pthread_t handle;
    int state;
    if (create(thread, &handle, err) < 0)
        return -1;
    while ((state = atomic_load_explicit(&thread->state, memory_order_acquire)) == THREAD_STARTING)
        sched_yield();
    if (state == THREAD_FAILED) {
        pthread_join(handle, NULL);
        *err = thread->error;
        return -1;
    }
    return 0;
}
