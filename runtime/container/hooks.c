/* SPDX-License-Identifier: Apache-2.0 */
#include "hooks.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process of a container can be in; not the user namespace, in which chroot(2) and files are not ours.
 */
#define INSIDE_NAMESPACES (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP)

/* A file in memory and not a pipe: it takes a document of any size, and a hook that does not read it is no
 * error. */
static int open_document(const char *state, int *out_fd, struct error *err)
{
    _cleanup_close_ int fd = memfd_create("state", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "make the hooks' input");
    if (fd_write_all(fd, state, strlen(state), "the hooks' input", err) < 0)
        return -1;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_errno(err, "make the hooks' input");
    *out_fd = take_fd(&fd);
    return 0;
}

static int timeout_of(const struct config_hook *hook)
{
    if (hook->timeout_s == 0)
        return SUBPROCESS_NO_LIMIT;
    return hook->timeout_s > INT_MAX / 1000 ? INT_MAX : (int)hook->timeout_s * 1000;
}

static int run_hook(const struct config_hook *hook, const char *state, const char *cwd, struct error *err)
{
    _cleanup_close_ int input = -1;
    const char *const path_alone[] = {hook->path, NULL};
    const char *const *argv = hook->args.n > 0 ? hook->args.items : path_alone;
    int status;
    pid_t pid;

    if (open_document(state, &input, err) < 0)
        return -1;
    /* execve(2) changes neither the strings nor the arrays; its prototype is older than const. */
    struct subprocess program = {.path = hook->path,
                                 .argv = (char *const *)(const void *)argv,
                                 .envp = (char *const *)(const void *)hook->env.items,
                                 .cwd = cwd,
                                 .stdin_fd = input,
                                 .stdout_fd = STDERR_FILENO,
                                 .stderr_fd = STDERR_FILENO};
    if (subprocess_spawn(&program, &pid, err) < 0)
        return -1;
    if (subprocess_wait(pid, timeout_of(hook), &status, err) < 0)
        return -1;
    if (status != 0)
        return error_set(err, ERROR_SYSTEM, "exit status %d", subprocess_exit_code(status));
    return 0;
}

int hooks_run(const struct config *config, enum config_hook_kind kind, const char *state, const char *cwd,
              struct error *err)
{
    const struct config_hooks *hooks = &config->hooks[kind];
    for (size_t i = 0; i < hooks->n; i++) {
        log_line(LOG_LEVEL_DEBUG, "run %s hook '%s'", config_hook_name(kind), hooks->items[i].path);
        if (run_hook(&hooks->items[i], state, cwd, err) < 0)
            return error_wrap(err, "run %s hook '%s'", config_hook_name(kind), hooks->items[i].path);
    }
    return 0;
}

void hooks_run_all(const struct config *config, enum config_hook_kind kind, const char *state,
                   const char *cwd)
{
    const struct config_hooks *hooks = &config->hooks[kind];
    for (size_t i = 0; i < hooks->n; i++) {
        struct error err = {0};
        if (run_hook(&hooks->items[i], state, cwd, &err) < 0)
            log_line(LOG_LEVEL_WARNING, "run %s hook '%s': %s", config_hook_name(kind), hooks->items[i].path,
                     err.text);
    }
}

static int enter(int pidfd, const char *rootfs, struct error *err)
{
    if (setns(pidfd, INSIDE_NAMESPACES) < 0)
        return error_errno(err, "enter the container's namespaces");
    if (chroot(rootfs) < 0 || chdir("/") < 0)
        return error_errno(err, "enter '%s'", rootfs);
    return 0;
}

/* A child does it, as the caller must stay where it is; the hooks are its children, in the pid namespace too.
 */
int hooks_run_inside(const struct config *config, enum config_hook_kind kind, const char *state, int pidfd,
                     const char *rootfs, struct error *err)
{
    int pair[2], status;
    size_t size, n_fds;
    struct error reported;

    if (config->hooks[kind].n == 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, "run the %s hooks", config_hook_name(kind));
    _cleanup_close_ int own = pair[0], theirs = pair[1];
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "fork");
    if (pid == 0) {
        struct error failed = {0};
        bool is_done =
            enter(pidfd, rootfs, &failed) == 0 && hooks_run(config, kind, state, NULL, &failed) == 0;
        if (!is_done)
            (void)fd_send(theirs, &failed, sizeof(failed), NULL, 0, &reported);
        _exit(is_done ? EXIT_SUCCESS : EXIT_FAILURE);
    }

    close(take_fd(&theirs));
    if (fd_receive(own, &reported, sizeof(reported), &size, NULL, 0, &n_fds, err) < 0)
        return -1;
    if (subprocess_wait(pid, SUBPROCESS_NO_LIMIT, &status, err) < 0)
        return -1;
    if (size == sizeof(reported)) {
        *err = reported;
        return -1;
    }
    if (status != 0)
        return error_set(err, ERROR_SYSTEM, "run the %s hooks: exit status %d", config_hook_name(kind),
                         subprocess_exit_code(status));
    return 0;
}
