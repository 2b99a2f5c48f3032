/* SPDX-License-Identifier: Apache-2.0 */
#include "foreground.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define COPY_SIZE 4096

enum { WATCH_END, WATCH_SIGNAL, WATCH_TERMINAL, WATCH_INPUT, WATCH_COUNT };

/* The user's own terminal while the container's is shown on it. */
struct raw_mode {
    bool is_set;
    struct termios before;
};

static void raw_mode_enter(struct raw_mode *mode)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, &mode->before) < 0)
        return;
    raw = mode->before;
    cfmakeraw(&raw);
    mode->is_set = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void raw_mode_leave(struct raw_mode *mode)
{
    if (mode->is_set)
        tcsetattr(STDIN_FILENO, TCSANOW, &mode->before);
}

/* Signals of this process's own affairs stay here. */
static void choose_signals(sigset_t *set)
{
    static const int own[] = {SIGCHLD, SIGTTIN, SIGTTOU, SIGTSTP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigfillset(set);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        sigdelset(set, own[i]);
}

static void copy_size(int master_fd)
{
    struct winsize size;
    if (master_fd >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(master_fd, TIOCSWINSZ, &size);
}

static void pass_signal(int signals_fd, pid_t pid, int master_fd)
{
    struct signalfd_siginfo info;
    if (read(signals_fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGWINCH && master_fd >= 0)
        copy_size(master_fd);
    else
        kill(pid, (int)info.ssi_signo);
}

/* Returns false when there is nothing more to come. */
static bool copy(int from, int to)
{
    char bytes[COPY_SIZE];
    struct error ignored;
    ssize_t n = read(from, bytes, sizeof(bytes));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    return n > 0 && fd_write_all(to, bytes, (size_t)n, "terminal", &ignored) == 0;
}

static void watch(struct pollfd *watched, pid_t pid, int master_fd)
{
    bool is_over = false;
    while (!is_over) {
        if (poll(watched, WATCH_COUNT, -1) < 0)
            continue;
        is_over = watched[WATCH_END].revents != 0;
        if (watched[WATCH_SIGNAL].revents != 0)
            pass_signal(watched[WATCH_SIGNAL].fd, pid, master_fd);
        if (watched[WATCH_INPUT].revents != 0 && !copy(STDIN_FILENO, master_fd))
            watched[WATCH_INPUT].fd = -1;
        if (watched[WATCH_TERMINAL].revents != 0 && !copy(master_fd, STDOUT_FILENO))
            watched[WATCH_TERMINAL].fd = -1;
    }
    /* What it wrote last: the other side is closed, so this ends. */
    while (watched[WATCH_TERMINAL].fd >= 0 && copy(master_fd, STDOUT_FILENO))
        ;
}

int foreground_wait(pid_t pid, int master_fd, int *out_status, struct error *err)
{
    _cleanup_(raw_mode_leave) struct raw_mode raw = {.is_set = false};
    sigset_t signals;

    choose_signals(&signals);
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    _cleanup_close_ int signals_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (pidfd < 0 || signals_fd < 0)
        return error_errno(err, "wait for process %d", (int)pid);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (master_fd >= 0) {
        raw_mode_enter(&raw);
        copy_size(master_fd);
    }

    struct pollfd watched[WATCH_COUNT] = {
        [WATCH_END] = {.fd = pidfd, .events = POLLIN},
        [WATCH_SIGNAL] = {.fd = signals_fd, .events = POLLIN},
        [WATCH_TERMINAL] = {.fd = master_fd, .events = POLLIN},
        [WATCH_INPUT] = {.fd = master_fd >= 0 ? STDIN_FILENO : -1, .events = POLLIN},
    };
    watch(watched, pid, master_fd);
    while (waitpid(pid, out_status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "wait for process %d", (int)pid);
    return 0;
}
