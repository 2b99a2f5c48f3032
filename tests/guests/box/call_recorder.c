/* SPDX-License-Identifier: Apache-2.0 */
#include "call_recorder.h"

#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACEES_MAX 16

#define OPTIONS                                                                               \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct tracee {
    pid_t pid;
    bool is_recorded; /* it runs the program */
    bool has_stopped; /* its first stop is over */
};

struct recorder {
    struct tracee tracees[TRACEES_MAX];
    size_t n_tracees;
    const struct stat *file;
    struct recorded_call *calls;
    size_t n_calls, max;
    bool is_done;
};

static struct tracee *find_tracee(struct recorder *r, pid_t pid)
{
    for (size_t i = 0; i < r->n_tracees; i++)
        if (r->tracees[i].pid == pid)
            return &r->tracees[i];
    if (r->n_tracees == TRACEES_MAX)
        return NULL;
    r->tracees[r->n_tracees] = (struct tracee){.pid = pid};
    return &r->tracees[r->n_tracees++];
}

static bool is_file(const struct recorder *r, pid_t pid, uint64_t fd)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)fd);
    return stat(path, &st) == 0 && st.st_dev == r->file->st_dev && st.st_ino == r->file->st_ino;
}

/* The calls that take bytes out of a descriptor, and which of their arguments it is. */
static bool reads_file(const struct recorder *r, pid_t pid, long number, const uint64_t *arguments)
{
    static const struct {
        long number;
        unsigned argument;
    } calls[] = {{SYS_read, 0},     {SYS_pread64, 0}, {SYS_readv, 0},  {SYS_preadv, 0},
                 {SYS_preadv2, 0},  {SYS_mmap, 4},    {SYS_splice, 0}, {SYS_copy_file_range, 0},
                 {SYS_sendfile, 1}, {SYS_tee, 0}};

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i].number == number)
            return is_file(r, pid, arguments[calls[i].argument]);
    return false;
}

static void record(struct recorder *r, pid_t pid)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY || r->n_calls == r->max)
        return;
    struct recorded_call *call = &r->calls[r->n_calls++];
    call->number = (long)info.entry.nr;
    for (size_t i = 0; i < 6; i++)
        call->arguments[i] = info.entry.args[i];
    call->reads_file = reads_file(r, pid, call->number, call->arguments);
    r->is_done = call->number == SYS_ioctl && call->arguments[1] == KVM_RUN;
}

/* Returns the signal that the process is to get. */
static int look_at_stop(struct recorder *r, struct tracee *tracee, int status)
{
    int signum = WSTOPSIG(status), event = status >> 16;
    unsigned long child;

    if (event == PTRACE_EVENT_EXEC)
        tracee->is_recorded = true;
    else if (event != 0 && ptrace(PTRACE_GETEVENTMSG, tracee->pid, 0, &child) == 0) {
        struct tracee *added = find_tracee(r, (pid_t)child);
        if (added != NULL)
            added->is_recorded = tracee->is_recorded;
    } else if (signum == (SIGTRAP | 0x80)) {
        if (tracee->is_recorded)
            record(r, tracee->pid);
    } else if (signum == SIGSTOP && !tracee->has_stopped)
        tracee->has_stopped = true;
    else
        return signum;
    return 0;
}

static void end_all(const struct recorder *r)
{
    for (size_t i = 0; i < r->n_tracees; i++)
        kill(r->tracees[i].pid, SIGKILL);
    while (waitpid(-1, NULL, __WALL) > 0)
        continue;
}

size_t call_recorder_run(void (*child)(void *context), void *context, const struct stat *file,
                         struct recorded_call *out, size_t max)
{
    struct recorder r = {.file = file, .calls = out, .max = max};
    int status;

    pid_t first = fork();
    if (first == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 || raise(SIGSTOP) != 0)
            _exit(1);
        child(context);
        _exit(0);
    }
    if (first < 0 || waitpid(first, &status, 0) != first || ptrace(PTRACE_SETOPTIONS, first, 0, OPTIONS) < 0)
        return 0;
    find_tracee(&r, first)->has_stopped = true;
    ptrace(PTRACE_SYSCALL, first, 0, 0);
    for (pid_t pid; !r.is_done && (pid = waitpid(-1, &status, __WALL)) > 0;) {
        struct tracee *tracee = find_tracee(&r, pid);
        if (tracee == NULL)
            break;
        if (WIFSTOPPED(status))
            ptrace(PTRACE_SYSCALL, pid, 0, look_at_stop(&r, tracee, status));
    }
    end_all(&r);
    return r.n_calls;
}
