/* SPDX-License-Identifier: Apache-2.0 */
#include "base/subprocess.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both calls only fail for lack of memory, which the spawn that follows reports too. */
static void give_descriptor(posix_spawn_file_actions_t *actions, int from, int to, int null_flags)
{
    if (from >= 0)
        posix_spawn_file_actions_adddup2(actions, from, to);
    else
        posix_spawn_file_actions_addopen(actions, to, "/dev/null", null_flags, 0);
}

/* A group of its own, so that what takes too long ends with everything that it has started. */
static void set_signals_and_group(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
}

int subprocess_spawn(const struct subprocess *program, pid_t *out_pid, struct error *err)
{
    _cleanup_(posix_spawn_file_actions_destroy) posix_spawn_file_actions_t actions;
    _cleanup_(posix_spawnattr_destroy) posix_spawnattr_t attributes;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    give_descriptor(&actions, program->stdin_fd, STDIN_FILENO, O_RDONLY);
    give_descriptor(&actions, program->stdout_fd, STDOUT_FILENO, O_WRONLY);
    give_descriptor(&actions, program->stderr_fd, STDERR_FILENO, O_WRONLY);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (program->cwd != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, program->cwd);
    set_signals_and_group(&attributes);

    int failed = posix_spawn(out_pid, program->path, &actions, &attributes, program->argv, program->envp);
    if (failed != 0)
        return error_number(err, failed, "execute '%s'", program->path);
    return 0;
}

static int reap(pid_t pid, int *out_status, struct error *err)
{
    while (waitpid(pid, out_status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "wait for process %d", (int)pid);
    return 0;
}

int subprocess_wait(pid_t pid, int timeout_ms, int *out_status, struct error *err)
{
    if (timeout_ms == SUBPROCESS_NO_LIMIT)
        return reap(pid, out_status, err);

    /* A child that has not been waited for keeps its pid, so there is no race with a re-used one. */
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
        return error_errno(err, "open process %d", (int)pid);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    int n;
    do
        n = poll(&end, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return reap(pid, out_status, err);

    kill(-pid, SIGKILL);
    if (reap(pid, out_status, err) < 0)
        return -1;
    return error_set(err, ERROR_SYSTEM, "did not end within %d.%03d s and was killed", timeout_ms / 1000,
                     timeout_ms % 1000);
}

int subprocess_exit_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
