/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the child talks to the runtime: over a SOCK_SEQPACKET pair it reports the pid of the process that is in
 * the pid namespace (if that is another one than itself), then that it is ready; the runtime answers with one
 * byte when it may go on. Then either the socket closes without a word, because the child has become the
 * monitor, or an error comes. When the runtime dies, the child reads the end of file and ends, too.
 *
 * The second fork: a process never enters a pid or time namespace itself, only its children do. CLONE_PARENT
 * makes that child a sibling of the intermediate process, thus a child of the runtime.
 */
#include "monitor_process.h"

#include "cgroup.h"
#include "confine.h"
#include "namespace.h"
#include "process.h"
#include "state_dir.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A monitor answers within milliseconds; this is for machines that are busy beyond reason. It is looked at
 * while it is waited for. */
#define REPLY_TIMEOUT_S  30
#define LOOK_INTERVAL_MS 1000

enum report_kind { REPORT_PID = 1, REPORT_READY, REPORT_FAILED };

struct report {
    enum report_kind kind;
    pid_t pid;
    struct error error;
};

struct child {
    const struct monitor_process_request *request;
    int executable_fd;
    int report_sock;
    int namespace_sock;
    int launch_sock;
};

static void send_report(int sock, enum report_kind kind, pid_t pid, const struct error *error)
{
    struct report report = {.kind = kind, .pid = pid};
    struct error ignored;
    if (error != NULL)
        report.error = *error;
    /* If the runtime is gone there is nobody to tell; reading its answer will show that. */
    (void)fd_send(sock, &report, sizeof(report), NULL, 0, &ignored);
}

static _Noreturn void child_fail(const struct child *child, const struct error *err)
{
    send_report(child->report_sock, REPORT_FAILED, 0, err);
    _exit(EXIT_FAILURE);
}

static int take_stdio(const struct monitor_process_request *request, struct error *err)
{
    for (int i = 0; i < 3; i++)
        if (request->stdio[i] != i && dup2(request->stdio[i], i) < 0)
            return error_errno(err, "take over standard descriptor %d", i);
    if (setsid() < 0)
        return error_errno(err, "start a session");
    if (request->has_terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return error_errno(err, "take the terminal");
    return 0;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++)
        if (signal != SIGKILL && signal != SIGSTOP)
            (void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int confine(const struct config_process *process, struct error *err)
{
    if (process != NULL && (confine_oom_score(process, err) < 0 || confine_rlimits(process, err) < 0 ||
                            confine_user(process, err) < 0))
        return -1;
    return confine_capabilities(err);
}

/* The launch socket goes to its place, everything but 0 to 3 is closed by the exec. */
static int become_monitor(const struct child *child, struct error *err)
{
    char name[] = "wherry-monitor", option[] = "--launch";
    char *const argv[] = {name, option, NULL}, *const envp[] = {NULL};

    reset_signals();
    if (close_range(LAUNCH_SOCKET_FD, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        return error_errno(err, "close descriptors");
    if (child->launch_sock == LAUNCH_SOCKET_FD) {
        if (fcntl(LAUNCH_SOCKET_FD, F_SETFD, 0) < 0)
            return error_errno(err, "hand over the launch socket");
    } else if (dup2(child->launch_sock, LAUNCH_SOCKET_FD) < 0) {
        return error_errno(err, "hand over the launch socket");
    }
    syscall(SYS_execveat, child->executable_fd, "", argv, envp, AT_EMPTY_PATH);
    return error_errno(err, "execute the monitor");
}

/* The process that becomes the monitor, in its namespaces. */
static _Noreturn void run_inner_child(const struct child *child)
{
    const struct monitor_process_request *request = child->request;
    struct error err = {0};
    char go;

    if (namespace_set_up(request->namespaces, &err) < 0)
        child_fail(child, &err);
    send_report(child->report_sock, REPORT_READY, 0, NULL);
    if (read(child->report_sock, &go, 1) != 1)
        _exit(EXIT_FAILURE);
    if (request->inside != NULL && request->inside(request->inside_context, &err) < 0)
        child_fail(child, &err);
    if (take_stdio(request, &err) < 0 || confine(request->process, &err) < 0)
        child_fail(child, &err);
    become_monitor(child, &err);
    child_fail(child, &err);
}

/* fork(2) with flags; glibc has no name for it. */
static pid_t fork_with(unsigned long flags)
{
    return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

/* What is still needed must not stand where the launch socket goes. */
static void move_away_from_launch_fd(int *fd)
{
    if (*fd == LAUNCH_SOCKET_FD) {
        int moved = fcntl(*fd, F_DUPFD_CLOEXEC, LAUNCH_SOCKET_FD + 1);
        if (moved >= 0)
            *fd = moved;
    }
}

static _Noreturn void run_child(struct child *child)
{
    const struct monitor_process_request *request = child->request;
    struct error err = {0};

    move_away_from_launch_fd(&child->report_sock);
    move_away_from_launch_fd(&child->executable_fd);
    if (request->cgroup != NULL && cgroup_enter(request->cgroup, &err) < 0)
        child_fail(child, &err);
    if (namespace_enter(request->namespaces, child->namespace_sock, &err) < 0)
        child_fail(child, &err);
    close(child->namespace_sock);
    if (!namespace_needs_fork(request->namespaces))
        run_inner_child(child);

    pid_t inner = fork_with(CLONE_PARENT);
    if (inner < 0) {
        error_errno(&err, "fork into the pid namespace");
        child_fail(child, &err);
    }
    if (inner == 0)
        run_inner_child(child);
    send_report(child->report_sock, REPORT_PID, inner, NULL);
    _exit(EXIT_SUCCESS);
}

static int reap(pid_t pid, int *out_status)
{
    int n;
    do
        n = waitpid(pid, out_status, __WALL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

/* Gets the child's next report. Its end without one means that somebody killed it. */
static int get_report(int sock, struct report *out, struct error *err)
{
    size_t size, n_fds;
    if (fd_receive(sock, out, sizeof(*out), &size, NULL, 0, &n_fds, err) < 0)
        return -1;
    if (size == 0)
        return error_set(err, ERROR_SYSTEM, "the container's process ended while it was set up");
    if (size != sizeof(*out))
        return error_set(err, ERROR_BUG, "a report of the container's process has a wrong size");
    if (out->kind == REPORT_FAILED) {
        *err = out->error;
        return -1;
    }
    return 0;
}

/*
 * Follows the child until it is ready. With a second fork both processes report, in either order, and the
 * intermediate one has to be reaped: process->pid becomes the inner one's.
 */
static int follow_set_up(struct monitor_process *process, bool forks, struct error *err)
{
    bool is_ready = false, has_pid = !forks;
    while (!is_ready || !has_pid) {
        struct report report;
        if (get_report(process->report_sock, &report, err) < 0)
            return -1;
        if (report.kind == REPORT_PID) {
            int status;
            reap(process->pid, &status);
            process->pid = report.pid;
            has_pid = true;
        } else {
            is_ready = true;
        }
    }
    return 0;
}

/* A socket pair between the runtime and its child. */
struct link {
    int runtime;
    int child;
};

#define LINK_NONE ((struct link){.runtime = -1, .child = -1})

static void link_close(struct link *link)
{
    cleanup_close(&link->runtime);
    cleanup_close(&link->child);
}

static int link_open(int type, struct link *out, struct error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, "make a socket pair");
    *out = (struct link){.runtime = pair[0], .child = pair[1]};
    return 0;
}

/* Serves the child until it waits inside of its namespaces. */
static int wait_until_ready(struct monitor_process *process, const struct namespace_plan *namespaces,
                            struct link *namespace_link, struct error *err)
{
    if (namespace_serve(namespaces, process->pid, namespace_link->runtime, err) == 0)
        return follow_set_up(process, namespace_needs_fork(namespaces), err);

    /* If the child failed first, it knows better why. Without its other end it does not wait any longer. */
    struct report report = {0};
    struct error reported = {0};
    close(take_fd(&namespace_link->runtime));
    if (get_report(process->report_sock, &report, &reported) < 0 && report.kind == REPORT_FAILED)
        *err = reported;
    return -1;
}

int monitor_process_spawn(const struct monitor_process_request *request, struct monitor_process *out,
                          struct error *err)
{
    _cleanup_(monitor_process_release) struct monitor_process process = MONITOR_PROCESS_NONE;
    _cleanup_(link_close) struct link report = LINK_NONE, namespaces = LINK_NONE, launch = LINK_NONE;

    if (link_open(SOCK_SEQPACKET, &report, err) < 0 || link_open(SOCK_STREAM, &namespaces, err) < 0 ||
        link_open(SOCK_SEQPACKET, &launch, err) < 0)
        return -1;
    process.pid = fork_with(0);
    if (process.pid < 0)
        return error_errno(err, "fork");
    if (process.pid == 0) {
        struct child child = {.request = request,
                              .executable_fd = request->executable_fd,
                              .report_sock = report.child,
                              .namespace_sock = namespaces.child,
                              .launch_sock = launch.child};
        /* As long as the child had the runtime's ends, it would never see the end of the runtime. */
        close(report.runtime);
        close(namespaces.runtime);
        close(launch.runtime);
        run_child(&child);
    }

    close(take_fd(&report.child));
    close(take_fd(&namespaces.child));
    close(take_fd(&launch.child));
    process.report_sock = take_fd(&report.runtime);
    process.launch_sock = take_fd(&launch.runtime);
    if (wait_until_ready(&process, request->namespaces, &namespaces, err) < 0) {
        struct error ignored;
        (void)monitor_process_kill(&process, &ignored);
        return -1;
    }
    *out = process;
    process = MONITOR_PROCESS_NONE;
    return 0;
}

/* Waits until the process with that pid has said something. */
static int wait_for_word(int sock, pid_t pid, const char *what, struct error *err)
{
    struct pollfd word = {.fd = sock, .events = POLLIN};
    for (int waited_ms = 0; waited_ms < REPLY_TIMEOUT_S * 1000; waited_ms += LOOK_INTERVAL_MS) {
        int n;
        do
            n = poll(&word, 1, LOOK_INTERVAL_MS);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return error_errno(err, "%s", what);
        if (n > 0)
            return 0;
        if (process_is_stopped(pid))
            return error_set(err, ERROR_SYSTEM,
                             "%s: the monitor (process %d) is stopped by a signal or a debugger", what,
                             (int)pid);
    }
    return error_set(err, ERROR_SYSTEM, "%s: the monitor (process %d) does not answer within %d s", what,
                     (int)pid, REPLY_TIMEOUT_S);
}

/* Receives the monitor's answer. */
static int get_reply(int sock, pid_t pid, const char *what, struct error *err)
{
    struct launch_reply reply;
    size_t size, n_fds;

    if (wait_for_word(sock, pid, what, err) < 0)
        return -1;
    if (fd_receive(sock, &reply, sizeof(reply), &size, NULL, 0, &n_fds, err) < 0)
        return error_wrap(err, "%s", what);
    if (size == 0)
        return error_set(err, ERROR_SYSTEM, "%s: the monitor ended without an answer", what);
    if (size != sizeof(reply) || reply.version != LAUNCH_VERSION)
        return error_set(err, ERROR_BUG, "%s: the monitor is of another version than the runtime", what);
    if (reply.failed) {
        *err = reply.error;
        err->text[sizeof(err->text) - 1] = '\0';
        return -1;
    }
    return 0;
}

static int send_in_parts(int sock, const void *message, size_t size, const int *fds, size_t n_fds,
                         struct error *err)
{
    size_t first = n_fds < FD_PASS_MAX ? n_fds : FD_PASS_MAX;
    if (fd_send(sock, message, size, fds, first, err) < 0)
        return -1;
    for (size_t done = first; done < n_fds;) {
        size_t part = n_fds - done < FD_PASS_MAX ? n_fds - done : FD_PASS_MAX;
        if (fd_send(sock, "", 1, fds + done, part, err) < 0)
            return -1;
        done += part;
    }
    return 0;
}

/* The message is sent before the child is released: it waits in the socket, and no time is lost. */
int monitor_process_launch(struct monitor_process *process, const struct launch_message *message,
                           const int *fds, struct error *err)
{
    if (send_in_parts(process->launch_sock, message, sizeof(*message), fds, message->n_fds, err) < 0)
        return error_wrap(err, "send the launch message");
    if (fd_write_all(process->report_sock, "", 1, "the container's process", err) < 0)
        return -1;

    /* Ends without a report when the child has executed the monitor. */
    struct report report;
    size_t size, n_fds;
    if (wait_for_word(process->report_sock, process->pid, "execute the monitor", err) < 0 ||
        fd_receive(process->report_sock, &report, sizeof(report), &size, NULL, 0, &n_fds, err) < 0)
        return -1;
    if (size == sizeof(report) && report.kind == REPORT_FAILED) {
        *err = report.error;
        return -1;
    }
    return get_reply(process->launch_sock, process->pid, "launch the monitor", err);
}

int monitor_process_start(int dirfd, pid_t pid, const struct start_message *message, const int *taps,
                          struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return error_errno(err, "connect to the monitor");
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_DIR_CONTROL, dirfd);
    if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_errno(err, "connect to the monitor");
    if (send_in_parts(sock, message, sizeof(*message), taps, message->n_nets, err) < 0)
        return error_wrap(err, "send the start message");
    return get_reply(sock, pid, "start the guest", err);
}

int monitor_process_kill(struct monitor_process *process, struct error *err)
{
    int status;
    if (process->pid <= 0)
        return 0;
    /* Unreaped, so the pid is still this child's. */
    if (kill(process->pid, SIGKILL) < 0 && errno != ESRCH)
        return error_errno(err, "kill process %d", (int)process->pid);
    if (reap(process->pid, &status) < 0)
        return error_errno(err, "wait for process %d", (int)process->pid);
    process->pid = 0;
    return 0;
}

void monitor_process_release(struct monitor_process *process)
{
    cleanup_close(&process->report_sock);
    cleanup_close(&process->launch_sock);
    *process = MONITOR_PROCESS_NONE;
}
