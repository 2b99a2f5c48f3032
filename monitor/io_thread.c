/* SPDX-License-Identifier: Apache-2.0 */
#include "io_thread.h"

#include "abi/hypercall.h"
#include "base/cleanup.h"
#include "kvm.h"
#include "x86_64/ticks.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#define STACK_BYTES (64u << 10)

/*
 * How long to look for more before going to sleep. A wake-up costs about as much, so that at worst half of
 * the time is wasted.
 */
#define PATIENCE_US 20u

enum io_state { IO_STARTING, IO_SERVING, IO_FAILED };

struct io_thread {
    struct guest *guest;
    const struct run_options *options;
    struct syscall_filter list;
    int doorbell_fd;
    uint64_t patience; /* in ticks of the time-stamp counter */
    _Atomic int state; /* enum io_state */
    struct error error;
};

/* ---- Serving ---- */

/* Serves until nothing has come for a while. */
static void serve(const struct io_thread *io)
{
    uint64_t last = ticks_now();

    for (;;) {
        switch (ring_serve(io->guest)) {
        case RING_SERVED:
            last = ticks_now();
            break;
        case RING_BREACH:
            run_end_beside(io->guest, io->options, io->guest->ring.breach);
        case RING_IDLE:
        case RING_TAKEN:
            if (ticks_now() - last > io->patience)
                return;
            ticks_relax();
            break;
        }
    }
}

static _Noreturn void serve_for_ever(const struct io_thread *io)
{
    uint64_t rings;

    for (;;) {
        /* A wake-up for no reason does no harm. */
        if (ring_doze(&io->guest->ring))
            (void)!read(io->doorbell_fd, &rings, sizeof(rings));
        ring_wake(&io->guest->ring);
        serve(io);
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
    serve_for_ever(io);
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

    /* One heap for both threads. */
    (void)mallopt(M_ARENA_MAX, 1);
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

static int set_doorbell(const struct vm *vm, int fd, uint32_t flags, struct error *err)
{
    struct kvm_ioeventfd doorbell = {
        .addr = DOORBELL_PORT, .len = 4, .fd = fd, .flags = KVM_IOEVENTFD_FLAG_PIO | flags};
    return kvm_call(vm->fd, KVM_IOEVENTFD, &doorbell, "set the doorbell", err) < 0 ? -1 : 0;
}

int io_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                    struct syscalls_use *use, struct error *err)
{
    static struct io_thread io;
    struct error ignored;
    _cleanup_close_ int fd = eventfd(0, EFD_CLOEXEC);

    if (fd < 0)
        return error_errno(err, "make an eventfd");
    io.guest = guest;
    io.options = options;
    io.doorbell_fd = fd;
    io.patience = vm->tsc_hz / 1000000 * PATIENCE_US;
    use->doorbell_fd = fd;
    if (syscalls_list_io(use, &io.list, err) == 0 && set_doorbell(vm, fd, 0, err) == 0) {
        if (start_thread(&io, err) == 0) {
            (void)take_fd(&fd);
            return 0;
        }
        (void)set_doorbell(vm, fd, KVM_IOEVENTFD_FLAG_DEASSIGN, &ignored);
    }
    use->doorbell_fd = -1;
    return -1;
}
