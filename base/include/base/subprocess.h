/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running other programs: exact descriptors, exact environment, default signal dispositions, a time limit.
 * The child has the descriptors 0, 1 and 2 that it was given and no other.
 */
#ifndef BASE_SUBPROCESS_H
#define BASE_SUBPROCESS_H

#include "base/error.h"

#include <sys/types.h>

/* Wait for ever. */
#define SUBPROCESS_NO_LIMIT (-1)

struct subprocess {
    const char *path;  /* not searched for in PATH */
    char *const *argv; /* NULL-terminated; argv[0] too */
    char *const *envp; /* NULL-terminated, exactly what it gets */
    const char *cwd;   /* NULL: the caller's */
    int stdin_fd;      /* -1: /dev/null */
    int stdout_fd;     /* -1: /dev/null */
    int stderr_fd;     /* -1: /dev/null */
};

/* Starts it, in a process group of its own. The child is the caller's to wait for. A path that cannot be
 * executed is an error here. */
int subprocess_spawn(const struct subprocess *program, pid_t *out_pid, struct error *err);

/*
 * Waits until the child has ended, for at most timeout_ms; then it is killed, with everything in its process
 * group, and that is ERROR_SYSTEM. Either way it is reaped. *out_status is as of waitpid(2).
 */
int subprocess_wait(pid_t pid, int timeout_ms, int *out_status, struct error *err);

/* The exit status that a shell would report: 128+n for a signal. */
int subprocess_exit_code(int wait_status);

#endif
