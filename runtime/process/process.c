/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* /proc/PID/stat is one line; its longest part, the name, has 16 bytes at most. */
#define STAT_SIZE 1024

struct stat_line {
    char state;
    uint64_t start_time;
};

static int read_stat(pid_t pid, struct stat_line *out, struct error *err)
{
    _cleanup_close_ int fd = -1;
    char path[32], line[STAT_SIZE];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, ERROR_NOT_FOUND, "process %d: no such process", (int)pid);
    if (fd < 0)
        return error_errno(err, "open '%s'", path);
    ssize_t n = read(fd, line, sizeof(line) - 1);
    if (n < 0 && errno == ESRCH)
        return error_set(err, ERROR_NOT_FOUND, "process %d: no such process", (int)pid);
    if (n < 0)
        return error_errno(err, "read '%s'", path);
    line[n] = '\0';

    /* The name, in parentheses, may itself contain parentheses and spaces: the last one ends it. */
    const char *rest = strrchr(line, ')');
    unsigned long long start_time;
    if (rest == NULL ||
        sscanf(rest, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &out->state, &start_time) != 2)
        return error_set(err, ERROR_SYSTEM, "'%s' is not in the form of proc(5)", path);
    out->start_time = start_time;
    return 0;
}

int process_identify(pid_t pid, struct process *out, struct error *err)
{
    struct stat_line line;
    if (read_stat(pid, &line, err) < 0)
        return -1;
    *out = (struct process){.pid = pid, .start_time = line.start_time};
    return 0;
}

static int check_identity(const struct process *process, struct error *err)
{
    struct stat_line line;
    if (process->pid <= 0)
        return error_set(err, ERROR_NOT_FOUND, "no such process");
    if (read_stat(process->pid, &line, err) < 0)
        return -1;
    if (line.start_time != process->start_time || line.state == 'Z' || line.state == 'X')
        return error_set(err, ERROR_NOT_FOUND, "process %d: no such process", (int)process->pid);
    return 0;
}

int process_open(const struct process *process, int *out_pidfd, struct error *err)
{
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (pidfd < 0 && (errno == ESRCH || errno == EINVAL))
        return error_set(err, ERROR_NOT_FOUND, "process %d: no such process", (int)process->pid);
    if (pidfd < 0)
        return error_errno(err, "open process %d", (int)process->pid);
    /* After the open: what the pid means cannot change any more unless the process has ended. */
    if (check_identity(process, err) < 0)
        return -1;
    *out_pidfd = take_fd(&pidfd);
    return 0;
}

bool process_is_alive(const struct process *process)
{
    struct error ignored;
    return check_identity(process, &ignored) == 0;
}

bool process_is_stopped(pid_t pid)
{
    struct stat_line line;
    struct error ignored;
    return read_stat(pid, &line, &ignored) == 0 && (line.state == 'T' || line.state == 't');
}

int process_signal(int pidfd, int signal, struct error *err)
{
    if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
        return 0;
    if (errno == ESRCH)
        return error_set(err, ERROR_NOT_FOUND, "no such process");
    return error_errno(err, "send signal %d", signal);
}

int process_wait_end(int pidfd, int timeout_ms, struct error *err)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    int n;
    do
        n = poll(&end, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "wait for the end of a process");
    if (n == 0)
        return error_set(err, ERROR_SYSTEM, "the process did not end within %d ms", timeout_ms);
    return 0;
}
