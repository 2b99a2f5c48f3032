/* SPDX-License-Identifier: Apache-2.0 */
#include "parallel.h"

#include "base/cleanup.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#define THREADS_MAX 16

struct run {
    const struct parallel *parallel;
    pthread_mutex_t lock;
    size_t next; /* piece that nobody has taken */
    bool has_failed;
    struct error *err;
};

/* The next piece, or n_pieces: there is none. */
static size_t take_piece(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    size_t piece = run->has_failed ? run->parallel->n_pieces : run->next;
    run->next += piece < run->parallel->n_pieces;
    pthread_mutex_unlock(&run->lock);
    return piece;
}

static void fail(struct run *run, const struct error *err)
{
    pthread_mutex_lock(&run->lock);
    if (!run->has_failed)
        *run->err = *err;
    run->has_failed = true;
    pthread_mutex_unlock(&run->lock);
}

static void *work(void *argument)
{
    struct run *run = argument;
    const struct parallel *parallel = run->parallel;
    struct error err = {.kind = ERROR_NONE};
    _cleanup_free_ void *state = calloc(1, parallel->state_size + 1);
    if (state == NULL) {
        error_errno(&err, "start work");
        fail(run, &err);
        return NULL;
    }
    for (size_t piece; (piece = take_piece(run)) < parallel->n_pieces;)
        if (parallel->work(parallel->context, state, piece, &err) != 0)
            fail(run, &err);
    if (parallel->release != NULL)
        parallel->release(state);
    return NULL;
}

static size_t count_threads(const struct parallel *parallel)
{
    cpu_set_t set;
    if (parallel->n_threads_max == 1 || parallel->n_pieces <= 1)
        return 1;
    size_t n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    size_t max = parallel->n_threads_max == 0 ? THREADS_MAX : parallel->n_threads_max;
    if (n > max)
        n = max;
    return n < parallel->n_pieces ? n : parallel->n_pieces;
}

int parallel_run(const struct parallel *parallel, struct error *err)
{
    struct run run = {.parallel = parallel, .lock = PTHREAD_MUTEX_INITIALIZER, .err = err};
    pthread_t threads[THREADS_MAX];
    sigset_t all, before;
    size_t n = count_threads(parallel), n_started = 0;

    if (n > 1) {
        /* Signals are for the thread that the program knows. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (n_started + 1 < n && pthread_create(&threads[n_started], NULL, work, &run) == 0)
            n_started++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    work(&run);
    for (size_t i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&run.lock);
    return run.has_failed ? -1 : 0;
}
