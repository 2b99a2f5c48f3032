/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: two threads that work hand in hand need two CPUs at the same time. Where the second one is missing,
 * the guest waits for its answer until the scheduler lets the thread run, which is a hundred times longer
 * than an exit. So a call is a trial, which puts the thread on duty: it serves until the guest has nothing
 * more to do, sleeps until a frame comes, and serves again. It goes off duty when no frame comes for a while,
 * when the guest gets along without it (the vCPU's thread serves polls), or when it finds that it was kept
 * from running. What it has done meanwhile decides when it may be called again.
 *
 * A thread that shares the vCPU's CPU is of no use, and schedulers like to put threads together that wake
 * each other up. So it keeps off the CPU from which it was called.
 *
 * A watch needs no CPU to spare, as nobody waits for it: a look now and then. That it has ended is Dekker's
 * handshake again: the thread says so and looks once more, the guest submits and sees whether it is watched.
 *
 * It never looks at the ring for longer than an exit takes without anything to do. Between a guest's answer
 * and the next frame it does not look at all, because the other side needs a CPU as well.
 */
#include "io_thread.h"

#include "base/cleanup.h"
#include "thread.h"
#include "x86_64/ticks.h"

#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

/* So many rings or polls within such a time make a call worth trying. */
#define ASKED_MIN       8
#define ASKED_WITHIN_US 4000u

/* How long a thread that serves waits for more: longer than a poll of the guest that finds something. */
#define PATIENCE_US 200u

/* The same when the guest has answered what woke the thread up: longer than it takes to write one more frame.
 */
#define QUIET_US 3u

/* Without a frame for so long, a duty is over. */
#define LULL_NS 5000000

/* So often in a row woken up by a frame that the guest dealt with alone, too. */
#define VAIN_MAX 8u

/* It takes no longer to wake up, nor to look twice, if there is a CPU for it. */
#define DELAY_MAX_US 300u

/* A duty has helped when so many entries and commits went through the ring, and so many for each exit: a
 * guest alone makes an exit for every three. */
#define WORK_MIN          8u
#define WORK_MIN_PER_EXIT 4u

/* Between two duties: after one that helped; never longer after others that did not; after one that found no
 * CPU, and never longer. Such a one may have kept the guest waiting. */
#define PAUSE_MIN_US        100u
#define PAUSE_MAX_US        250000u
#define PAUSE_NO_CPU_MIN_US 5000u
#define PAUSE_NO_CPU_MAX_US 4000000u

enum duty_result { DUTY_HELPED, DUTY_IN_VAIN, DUTY_WITHOUT_CPU };

/* WAKE_RING: the guest sends by itself; WAKE_FRAME: it answers, also when it was a poll that found the frame.
 */
enum wake { WAKE_RING, WAKE_FRAME, WAKE_LULL, WAKE_WATCH };

/* What is written to the eventfd, which adds it up. */
#define CALL_FOR_RING  1ull
#define CALL_FOR_POLL  (1ull << 32)
#define CALL_FOR_WATCH (1ull << 48)

struct io_thread {
    struct thread thread;
    struct guest *guest;
    const struct run_options *options;
    int call_fd;
    uint64_t ticks_per_us;
    /* What a thread on duty sleeps on: calls, then the network devices. */
    struct pollfd fds[1 + MANIFEST_ENTRIES_MAX];
    nfds_t n_fds;
    /* The vCPU's thread's: how often the guest asks. */
    uint64_t window_start;
    unsigned n_asked;
    uint64_t last_ring;
    /* The thread's: where it may run, and which of these CPUs it keeps off; -1: none. */
    cpu_set_t cpus;
    int avoided_cpu;
    uint32_t last_entry; /* that a look of a watch has seen */
    /* Each for the other; times in ticks. */
    _Atomic int vcpu_cpu;
    _Atomic uint64_t called_at;
    _Atomic uint64_t not_before;
    atomic_bool is_on_duty;
    atomic_bool is_watching;
};

/* ---- Calling, in the vCPU's thread ---- */

static void call(struct io_thread *io, uint64_t now, uint64_t reason)
{
    io->n_asked = 0;
    atomic_store_explicit(&io->vcpu_cpu, sched_getcpu(), memory_order_relaxed);
    atomic_store_explicit(&io->called_at, now, memory_order_relaxed);
    (void)!syscalls_write(io->call_fd, &reason, sizeof(reason));
}

/* Whether the guest asks so often that a call is worth trying. */
static bool note_asked(struct io_thread *io, uint64_t now)
{
    if (now - io->window_start > ASKED_WITHIN_US * io->ticks_per_us) {
        io->window_start = now;
        io->n_asked = 0;
    }
    return ++io->n_asked >= ASKED_MIN && now >= atomic_load_explicit(&io->not_before, memory_order_relaxed);
}

/* On duty it sleeps until a frame comes, and has not seen what made the guest exit. */
static void note(struct io_thread *io, uint64_t reason)
{
    if (io == NULL)
        return;
    uint64_t now = ticks_now();
    if (note_asked(io, now) || atomic_load_explicit(&io->is_on_duty, memory_order_relaxed))
        call(io, now, reason);
}

/* A guest that rings often may be lazy from now on. */
static void note_watch(struct io_thread *io)
{
    static const uint64_t reason = CALL_FOR_WATCH;
    const uint64_t now = ticks_now(), last = io->last_ring;

    io->last_ring = now;
    if (io->guest->ring.is_watched == NULL || now - last > WATCH_WITHIN_US * io->ticks_per_us ||
        atomic_load_explicit(&io->is_watching, memory_order_relaxed))
        return;
    atomic_store_explicit(&io->is_watching, true, memory_order_relaxed);
    ring_watch(&io->guest->ring, true);
    (void)!syscalls_write(io->call_fd, &reason, sizeof(reason));
}

void io_thread_note_ring(struct io_thread *io)
{
    note(io, CALL_FOR_RING);
    if (io != NULL)
        note_watch(io);
}

void io_thread_note_poll(struct io_thread *io)
{
    note(io, CALL_FOR_POLL);
}

/* ---- Serving, in the thread ---- */

/* Moves off the vCPU's CPU. Returns false when it had kept off already. */
static bool keep_off(struct io_thread *io)
{
    int cpu = atomic_load_explicit(&io->vcpu_cpu, memory_order_relaxed);
    cpu_set_t others = io->cpus;

    if (cpu == io->avoided_cpu || cpu < 0)
        return false;
    io->avoided_cpu = cpu;
    CPU_CLR((size_t)cpu, &others);
    return sched_setaffinity(0, sizeof(others), &others) == 0;
}

/* Serves until there is nothing more to do. False when it was kept from running meanwhile. */
static bool serve_with_patience(const struct io_thread *io, enum wake wake)
{
    const uint64_t patience = PATIENCE_US * io->ticks_per_us, delay_max = DELAY_MAX_US * io->ticks_per_us;
    const uint64_t quiet = QUIET_US * io->ticks_per_us;
    struct ring_server *ring = &io->guest->ring;
    uint32_t n_answers = atomic_load_explicit(&ring->n_answers, memory_order_relaxed);
    uint64_t last_look = ticks_now(), last_work = last_look;

    for (;;) {
        enum ring_verdict verdict = ring_serve(io->guest);
        if (verdict == RING_BREACH)
            run_end_beside(io->guest, io->options, ring->breach);
        bool has_answered =
            wake == WAKE_FRAME && atomic_load_explicit(&ring->n_answers, memory_order_relaxed) != n_answers;
        uint64_t now = ticks_now();
        if (verdict == RING_SERVED)
            last_work = now;
        else if (now - last_look > delay_max)
            return false;
        else if (now - last_work > (has_answered ? quiet : patience))
            return true;
        last_look = now;
        ticks_relax();
    }
}

/* Serves what it was woken up for. False when there is no CPU for it. */
static bool serve(struct io_thread *io, enum wake wake)
{
    bool has_cpu;

    ring_wake(&io->guest->ring);
    do
        has_cpu = serve_with_patience(io, wake);
    while (!ring_doze(&io->guest->ring));
    return has_cpu;
}

/* Takes the calls that there are, or waits for one. */
static enum wake take_call(struct io_thread *io)
{
    uint64_t reasons = 0;

    /* Waking up for no reason does no harm. */
    (void)!read(io->call_fd, &reasons, sizeof(reasons));
    if (reasons % CALL_FOR_POLL != 0)
        return WAKE_RING;
    return reasons % CALL_FOR_WATCH != 0 ? WAKE_FRAME : WAKE_WATCH;
}

static bool is_watching(const struct io_thread *io)
{
    return atomic_load_explicit(&io->is_watching, memory_order_relaxed);
}

/* On duty: sleeps until there is something to do. While it watches, it sees what nobody has called it for. */
static enum wake sleep_on_duty(struct io_thread *io)
{
    const long step = is_watching(io) ? WATCH_LOOK_NS : LULL_NS;
    const struct timespec timeout = {.tv_nsec = step};

    for (long waited = 0; waited < LULL_NS; waited += step) {
        if (ppoll(io->fds, io->n_fds, &timeout, NULL) == 0) {
            if (ring_has_entries(&io->guest->ring))
                return WAKE_RING;
            continue;
        }
        if (io->fds[0].revents == 0)
            return WAKE_FRAME;
        (void)keep_off(io);
        return take_call(io);
    }
    return WAKE_LULL;
}

static void set_duty(struct io_thread *io, bool is_on_duty)
{
    atomic_store_explicit(&io->is_on_duty, is_on_duty, memory_order_relaxed);
    ring_set_receiving(&io->guest->ring, is_on_duty);
}

/* What has happened, in numbers that only grow. */
struct progress {
    uint32_t work;
    uint32_t exits;
};

static struct progress look_at_progress(const struct io_thread *io)
{
    const struct ring_server *ring = &io->guest->ring;

    return (struct progress){
        .work = atomic_load_explicit(&ring->entry_head, memory_order_relaxed) +
                atomic_load_explicit(&ring->commit_tail, memory_order_relaxed),
        .exits = (uint32_t)atomic_load_explicit(&io->guest->status->exits, memory_order_relaxed)};
}

/* Whether the guest was spared exits between a and b. */
static bool has_helped(struct progress a, struct progress b)
{
    uint32_t work = b.work - a.work;

    return work > 0 && work >= WORK_MIN_PER_EXIT * (b.exits - a.exits);
}

static enum duty_result do_duty(struct io_thread *io, enum wake wake)
{
    uint64_t delay = ticks_now() - atomic_load_explicit(&io->called_at, memory_order_relaxed);
    struct progress first = look_at_progress(io), last = first;
    bool has_cpu = delay < DELAY_MAX_US * io->ticks_per_us, has_moved = keep_off(io);
    unsigned n_vain = 0;

    if (!has_cpu)
        return has_moved ? DUTY_HELPED : DUTY_WITHOUT_CPU;
    set_duty(io, true);
    do {
        has_cpu = serve(io, wake);
        struct progress now = look_at_progress(io);
        n_vain = has_helped(last, now) ? 0 : n_vain + 1;
        last = now;
    } while (has_cpu && n_vain < VAIN_MAX && (wake = sleep_on_duty(io)) != WAKE_LULL);
    set_duty(io, false);
    if (!has_cpu)
        return DUTY_WITHOUT_CPU;
    return has_helped(first, last) && last.work - first.work >= WORK_MIN ? DUTY_HELPED : DUTY_IN_VAIN;
}

static uint64_t clamp(uint64_t value, uint64_t min, uint64_t max)
{
    return value < min ? min : value > max ? max : value;
}

/* How long to leave the thread alone now, when it was left alone for pause before this duty. */
static uint64_t next_pause(uint64_t pause, enum duty_result result)
{
    switch (result) {
    case DUTY_IN_VAIN:
        return clamp(pause * 2, PAUSE_MIN_US, PAUSE_MAX_US);
    case DUTY_WITHOUT_CPU:
        return clamp(pause * 2, PAUSE_NO_CPU_MIN_US, PAUSE_NO_CPU_MAX_US);
    default:
        return PAUSE_MIN_US;
    }
}

/* Serves what was submitted without ringing. False when the guest has submitted nothing since the last look.
 */
static bool look(struct io_thread *io)
{
    struct ring_server *ring = &io->guest->ring;

    if (ring_serve(io->guest) == RING_BREACH)
        run_end_beside(io->guest, io->options, ring->breach);
    const uint32_t last = io->last_entry;
    io->last_entry = atomic_load_explicit(&ring->entry_head, memory_order_relaxed);
    return io->last_entry != last;
}

/* Off duty: looks at the ring now and then, until there is a call or the guest submits nothing any more. */
static void watch(struct io_thread *io)
{
    const struct timespec timeout = {.tv_nsec = WATCH_LOOK_NS};

    for (unsigned in_vain = 0; in_vain < WATCH_LOOKS_IN_VAIN;) {
        if (ppoll(&io->fds[0], 1, &timeout, NULL) > 0)
            return;
        in_vain = look(io) ? 0 : in_vain + 1;
    }
    atomic_store_explicit(&io->is_watching, false, memory_order_relaxed);
    ring_watch(&io->guest->ring, false);
    (void)look(io);
}

static void serve_calls(void *context)
{
    struct io_thread *io = context;
    uint64_t pause = PAUSE_MIN_US;

    (void)keep_off(io);
    for (;;) {
        if (is_watching(io))
            watch(io);
        const enum wake wake = take_call(io);
        if (wake == WAKE_WATCH)
            continue;
        pause = next_pause(pause, do_duty(io, wake));
        atomic_store_explicit(&io->not_before, ticks_now() + pause * io->ticks_per_us, memory_order_relaxed);
    }
}

/* ---- Starting ---- */

int io_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                    struct syscalls_use *use, struct error *err)
{
    static struct io_thread io;
    _cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC);

    if (fd < 0)
        return error_errno(err, "make an eventfd");
    io.thread.name = IO_THREAD_NAME;
    io.thread.serve = serve_calls;
    io.thread.context = &io;
    io.guest = guest;
    io.options = options;
    io.call_fd = fd;
    io.ticks_per_us = vm->tsc_hz / 1000000;
    io.fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    memcpy(&io.fds[1], guest->polls.fds, guest->polls.n_fds * sizeof(io.fds[0]));
    io.n_fds = 1 + guest->polls.n_fds;
    io.avoided_cpu = -1;
    io.vcpu_cpu = sched_getcpu();
    if (sched_getaffinity(0, sizeof(io.cpus), &io.cpus) < 0)
        return error_errno(err, "ask where threads may run");
    use->call_fd = fd;
    if (syscalls_list_io(use, &io.thread.list, err) < 0 || thread_start(&io.thread, err) < 0) {
        use->call_fd = -1;
        return -1;
    }
    guest->io = &io;
    (void)take_fd(&fd);
    return 0;
}
