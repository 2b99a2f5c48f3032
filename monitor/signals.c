/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include "overlay/overlay.h"
#include "syscalls.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#define EXIT_SIGNAL 128

static struct status *status_page;
static int cut_file_status;

static void end_container(int signum)
{
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
    (void)!syscalls_write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(1);
}

static int set_handler(int signum, void (*handler)(int), struct error *err)
{
    struct sigaction action = {.sa_handler = handler};
    sigfillset(&action.sa_mask);
    if (sigaction(signum, &action, NULL) < 0)
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
    for (int signum = SIGRTMIN; signum <= SIGRTMAX; signum++)
        if (set_handler(signum, end_container, err) < 0)
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
