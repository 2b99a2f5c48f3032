/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: two threads that work hand in hand need two CPUs at the same time. Where the second one is missing,
 * the guest waits for its answer until the scheduler lets the thread run, which is a hundred times longer
 * than an exit. So a call is a trial: the thread stays as long as there is work, and goes back to sleep when
 * it has waited in vain for a while or finds that it was kept from running. What it has done meanwhile
 * decides when it may be called again.
 */
#include "io_thread.h"

#include "base/cleanup.h"
#include "x86_64/ticks.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#define STACK_BYTES (64u << 10)

/* So many rings within such a time make a call worth trying. */
#define RINGS_MIN       8
#define RINGS_WITHIN_US 2000u

/* How long a thread that was called waits for more: longer than a poll of the guest that finds something. */
#define PATIENCE_US 200u

/* It takes no longer to wake up, nor to look twice, if there is a CPU for it. */
#define DELAY_MAX_US 300u

/* A call has helped when it spared the guest so many exits: then it was worth the waiting. */
#define ENTRIES_MIN 8u

/* Between two calls: after one that helped, after one that found no CPU, and never longer. */
#define PAUSE_MIN_US    100u
#define PAUSE_NO_CPU_US 50000u
#define PAUSE_MAX_US    4000000u

enum call_result { CALL_HELPED, CALL_IN_VAIN, CALL_WITHOUT_CPU };

enum io_state { IO_STARTING, IO_SERVING, IO_FAILED };

struct io_thread {
    struct guest *guest;
    const struct run_options *options;
    struct syscall_filter list;
    int call_fd;
    uint64_t ticks_per_us;
    _Atomic int state; /* enum io_state */
    struct error error;
    /* The vCPU's thread's: how often the guest rings. */
    uint64_t window_start;
    unsigned n_rings;
    /* Each for the other: in ticks. */
    _Atomic uint64_t called_at;
    _Atomic uint64_t not_before;
};

/* ---- Calling, in the vCPU's thread ---- */

void io_thread_note_ring(struct io_thread *io)
{
    static const uint64_t one = 1;

    if (io == NULL)
        return;
    uint64_t now = ticks_now();
    if (now - io->window_start > RINGS_WITHIN_US * io->ticks_per_us) {
        io->window_start = now;
        io->n_rings = 0;
    }
    if (++io->n_rings < RINGS_MIN || now < atomic_load_explicit(&io->not_before, memory_order_relaxed))
        return;
    io->n_rings = 0;
    atomic_store_explicit(&io->called_at, now, memory_order_relaxed);
    (void)!syscalls_write(io->call_fd, &one, sizeof(one));
}

/* ---- Serving, in the thread ---- */

/* Serves until nothing has come for a while. False when it was kept from running meanwhile. */
static bool serve_with_patience(const struct io_thread *io)
{
    const uint64_t patience = PATIENCE_US * io->ticks_per_us, delay_max = DELAY_MAX_US * io->ticks_per_us;
    uint64_t last_look = ticks_now(), last_work = last_look;

    for (;;) {
        enum ring_verdict verdict = ring_serve(io->guest);
        if (verdict == RING_BREACH)
            run_end_beside(io->guest, io->options, io->guest->ring.breach);
        uint64_t now = ticks_now();
        if (verdict == RING_SERVED)
            last_work = now;
        else if (now - last_look > delay_max)
            return false;
        else if (now - last_work > patience)
            return true;
        last_look = now;
        ticks_relax();
    }
}

static enum call_result serve_call(const struct io_thread *io)
{
    struct ring_server *ring = &io->guest->ring;
    uint64_t delay = ticks_now() - atomic_load_explicit(&io->called_at, memory_order_relaxed);
    uint32_t first = atomic_load_explicit(&ring->entry_head, memory_order_relaxed);
    bool has_cpu = delay < DELAY_MAX_US * io->ticks_per_us;

    if (!has_cpu)
        return CALL_WITHOUT_CPU;
    ring_wake(ring);
    do
        has_cpu = serve_with_patience(io);
    while (!ring_doze(ring));
    if (!has_cpu)
        return CALL_WITHOUT_CPU;
    uint32_t n = atomic_load_explicit(&ring->entry_head, memory_order_relaxed) - first;
    return n >= ENTRIES_MIN ? CALL_HELPED : CALL_IN_VAIN;
}

/* How long to leave the thread alone now, when it was left alone for pause before this call. */
static uint64_t next_pause(uint64_t pause, enum call_result result)
{
    if (result == CALL_HELPED)
        return PAUSE_MIN_US;
    if (result == CALL_WITHOUT_CPU && pause < PAUSE_NO_CPU_US)
        return PAUSE_NO_CPU_US;
    return pause * 2 < PAUSE_MAX_US ? pause * 2 : PAUSE_MAX_US;
}

static _Noreturn void serve_calls(struct io_thread *io)
{
    uint64_t pause = PAUSE_MIN_US, n_calls;

    for (;;) {
        /* Waking up for no reason does no harm. */
        (void)!read(io->call_fd, &n_calls, sizeof(n_calls));
        pause = next_pause(pause, serve_call(io));
        atomic_store_explicit(&io->not_before, ticks_now() + pause * io->ticks_per_us, memory_order_relaxed);
    }
}

static void *thread_main(void *arg)
{
    struct io_thread *io = arg;

    (void)prctl(PR_SET_NAME, IO_THREAD_NAME, 0, 0, 0);
    if (syscall_filter_load(&io->list, &io->error) < 0) {
        atomic_store_explicit(&io->state, IO_FAILED, memory_order_release);
        return NULL;
    }
    atomic_store_explicit(&io->state, IO_SERVING, memory_order_release);
    serve_calls(io);
}

/* ---- Starting ---- */

/* Signals are the vCPU's thread's, but for those that a thread causes itself. */
static int create_thread(struct io_thread *io, pthread_t *out, struct error *err)
{
    pthread_attr_t attributes;
    sigset_t blocked, saved;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGSYS);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &blocked, &saved);
    int result = pthread_create(out, &attributes, thread_main, io);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    pthread_attr_destroy(&attributes);
    if (result != 0)
        return error_number(err, result, "make a thread");
    return 0;
}

static int start_thread(struct io_thread *io, struct error *err)
{
    pthread_t thread;
    int state;

#ifdef M_ARENA_MAX /* glibc: one heap for both threads */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
    if (create_thread(io, &thread, err) < 0)
        return -1;
    while ((state = atomic_load_explicit(&io->state, memory_order_acquire)) == IO_STARTING)
        sched_yield();
    if (state == IO_FAILED) {
        pthread_join(thread, NULL);
        *err = io->error;
        return -1;
    }
    return 0;
}

int io_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                    struct syscalls_use *use, struct error *err)
{
    static struct io_thread io;
    _cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC);

    if (fd < 0)
        return error_errno(err, "make an eventfd");
    io.guest = guest;
    io.options = options;
    io.call_fd = fd;
    io.ticks_per_us = vm->tsc_hz / 1000000;
    use->call_fd = fd;
    if (syscalls_list_io(use, &io.list, err) < 0 || start_thread(&io, err) < 0) {
        use->call_fd = -1;
        return -1;
    }
    guest->io = &io;
    (void)take_fd(&fd);
    return 0;
}
