/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include "overlay/overlay.h"
#include "syscalls.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's SIGRTMIN: what a program may expect to be able to send. */
#define REALTIME_FIRST 34

#define EXIT_SIGNAL 128

static struct status *status_page;
static int cut_file_status;
static void (*before_end)(void);

void signals_set_before_end(void (*call)(void))
{
    before_end = call;
}

static void do_before_end(void)
{
    if (before_end != NULL)
        before_end();
}

static void end_container(int signum)
{
    do_before_end();
    if (status_page != NULL) {
        atomic_store_explicit(&status_page->exit_reason, STATUS_EXIT_SIGNAL, memory_order_relaxed);
        atomic_store_explicit(&status_page->phase, STATUS_ENDED, memory_order_release);
    }
    _exit(EXIT_SIGNAL + signum);
}

static void end_tender(int signum)
{
    char text[] = "wherry-monitor: Exiting on signal   \n";
    text[sizeof(text) - 4] = (char)('0' + signum / 10);
    text[sizeof(text) - 3] = (char)('0' + signum % 10);
    do_before_end();
    (void)!syscalls_write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(1);
}

void signals_fill_with_others(sigset_t *out)
{
    static const int own[] = {SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

    sigfillset(out);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        sigdelset(out, own[i]);
}

static int set_handler(int signum, void (*handler)(int), struct error *err)
{
    struct sigaction action = {.sa_handler = handler};
    sigfillset(&action.sa_mask);
    if (sigaction(signum, &action, NULL) < 0)
        return error_errno(err, "catch signal %d", signum);
    return 0;
}

/* rt_sigaction(2)'s own structure, where the C library does not come between. */
struct kernel_action {
    void (*handler)(int signum);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

#define FLAG_RESTORER 0x04000000ul

static void never_returned_to(void)
{
    _exit(EXIT_SIGNAL);
}

/* A C library keeps some real-time signals for itself, musl one more than glibc, and refuses to catch them.
 * The monitor makes it use none of those. */
static int set_realtime_handler(int signum, void (*handler)(int), struct error *err)
{
    const struct kernel_action action = {
        .handler = handler, .flags = FLAG_RESTORER, .restorer = never_returned_to, .mask = UINT64_MAX};
    if (syscall(SYS_rt_sigaction, signum, &action, NULL, sizeof(action.mask)) < 0)
        return error_errno(err, "catch signal %d", signum);
    return 0;
}

int signals_end_container(struct error *err)
{
    /* Not those of a fault: they end even an init process. */
    static const int ending[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGTRAP, SIGABRT,   SIGUSR1, SIGUSR2, SIGALRM,
                                 SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR};

    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        if (set_handler(ending[i], end_container, err) < 0)
            return -1;
    for (int signum = REALTIME_FIRST; signum <= SIGRTMAX; signum++)
        if (set_realtime_handler(signum, end_container, err) < 0)
            return -1;
    return set_handler(SIGPIPE, SIG_IGN, err);
}

void signals_set_status(struct status *status)
{
    status_page = status;
}

int signals_end_tender(struct error *err)
{
    if (set_handler(SIGINT, end_tender, err) < 0 || set_handler(SIGTERM, end_tender, err) < 0)
        return -1;
    return set_handler(SIGPIPE, SIG_IGN, err);
}

static void end_at_cut_file(void)
{
    static const char text[] =
        "wherry-monitor: a mapped file fails or was cut short: the unikernel's or a window's\n";

    do_before_end();
    if (status_page != NULL) {
        atomic_store_explicit(&status_page->exit_reason, STATUS_EXIT_TRAP, memory_order_relaxed);
        atomic_store_explicit(&status_page->phase, STATUS_ENDED, memory_order_release);
    }
    (void)!syscalls_write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(cut_file_status);
}

int signals_end_at_cut_file(int exit_status, struct error *err)
{
    cut_file_status = exit_status;
    overlay_set_other_fault(end_at_cut_file);
    return overlay_catch_faults(err);
}
