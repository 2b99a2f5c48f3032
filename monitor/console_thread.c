/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the thread is either asleep, and the guest exits for each write, or it watches: it sleeps for less
 * than a millisecond, writes what there is, and after some looks in vain says that it does not watch any
 * more. What the guest has written before it could see that is found by one more look.
 *
 * Signals are let in only while the thread waits, so that a handler, which does not return, never finds it in
 * the middle of a write. What the vCPU's thread is writing the handler waits for, as the console is locked.
 */
#include "console_thread.h"

#include "base/cleanup.h"
#include "signals.h"
#include "thread.h"
#include "x86_64/ticks.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct console_thread {
    struct thread thread;
    struct guest *guest;
    const struct run_options *options;
    int call_fd;
    /* The vCPU's thread's. */
    uint64_t ticks_between;
    uint64_t last_write;
};

/* The handlers of signals have no other way to know. */
static struct guest *ending_guest;

static void flush_before_end(void)
{
    (void)console_flush(&ending_guest->console);
}

/* ---- Calling, in the vCPU's thread ---- */

void console_thread_note_write(struct console_thread *thread)
{
    static const uint64_t one = 1;

    if (thread == NULL)
        return;
    uint64_t now = ticks_now();
    if (now - thread->last_write < thread->ticks_between)
        (void)!syscalls_write(thread->call_fd, &one, sizeof(one));
    thread->last_write = now;
}

/* ---- Writing, in the thread ---- */

/* Waits for a call; timeout_ns < 0: for as long as it takes. */
static void wait_for_call(const struct console_thread *thread, long timeout_ns)
{
    struct pollfd call = {.fd = thread->call_fd, .events = POLLIN};
    const struct timespec timeout = {.tv_nsec = timeout_ns};
    uint64_t n_calls;

    if (ppoll(&call, 1, timeout_ns < 0 ? NULL : &timeout, &syscalls_no_signal) > 0)
        (void)!read(thread->call_fd, &n_calls, sizeof(n_calls));
}

/* Whether there was anything. */
static bool look(const struct console_thread *thread)
{
    struct console *console = &thread->guest->console;

    if (!console_ring_has_more(&console->ring))
        return false;
    if (!console_flush(console))
        run_end_beside(thread->guest, thread->options, CONSOLE_BREACH);
    return true;
}

static void watch(const struct console_thread *thread)
{
    struct console_ring *ring = &thread->guest->console.ring;

    do {
        console_ring_watch(ring, true);
        for (unsigned in_vain = 0; in_vain < WATCH_LOOKS_IN_VAIN;) {
            wait_for_call(thread, WATCH_LOOK_NS);
            in_vain = look(thread) ? 0 : in_vain + 1;
        }
        console_ring_watch(ring, false);
    } while (look(thread));
}

/* A guest says most when it starts. */
static void serve(void *context)
{
    const struct console_thread *thread = context;

    for (;;) {
        watch(thread);
        wait_for_call(thread, -1);
    }
}

/* ---- Starting ---- */

int console_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                         struct syscalls_use *use, struct error *err)
{
    static struct console_thread thread;
    _cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC);
    sigset_t others;

    if (fd < 0)
        return error_errno(err, "make an eventfd");
    thread.thread.name = CONSOLE_THREAD_NAME;
    thread.thread.serve = serve;
    thread.thread.context = &thread;
    thread.guest = guest;
    thread.options = options;
    thread.call_fd = fd;
    thread.ticks_between = vm->tsc_hz / 1000000 * WATCH_WITHIN_US;
    use->console_fd = fd;
    syscalls_list_console(use, &thread.thread.list);
    /* The guest begins to be watched before it runs. */
    console_ring_watch(&guest->console.ring, true);
    if (thread_start(&thread.thread, err) < 0) {
        console_ring_watch(&guest->console.ring, false);
        use->console_fd = -1;
        return -1;
    }
    guest->console_thread = &thread;
    ending_guest = guest;
    signals_set_before_end(flush_before_end);
    signals_fill_with_others(&others);
    pthread_sigmask(SIG_SETMASK, &others, NULL);
    (void)take_fd(&fd);
    return 0;
}
