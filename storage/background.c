/* SPDX-License-Identifier: Apache-2.0 */
#include "background.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int compare_ints(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Closes everything above stderr but the listed descriptors, which get sorted. */
static void close_others(int *fds, size_t n)
{
    unsigned int from = STDERR_FILENO + 1;
    qsort(fds, n, sizeof(*fds), compare_ints);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned int)fds[i] > from)
            close_range(from, (unsigned int)fds[i] - 1, 0);
        if ((unsigned int)fds[i] >= from)
            from = (unsigned int)fds[i] + 1;
    }
    close_range(from, ~0u, 0);
}

static bool detach(int *fds, size_t n_fds)
{
    sigset_t none;
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null_fd, fd) < 0)
            return false;
    close_others(fds, n_fds);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* A working directory would keep a file system from being unmounted. */
    if (chdir("/") != 0)
        return false;
    return true;
}

void background_yield(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

int background_run(void (*work)(void *argument), void *argument, const int *fds, size_t n_fds,
                   struct error *err)
{
    int *kept = malloc((n_fds + 1) * sizeof(*kept));
    if (kept == NULL)
        return error_errno(err, "start work in the background");
    memcpy(kept, fds, n_fds * sizeof(*kept));

    pid_t child = fork();
    if (child == 0) {
        /* The second fork leaves the worker to init: the caller has no child that it did not ask for. */
        if (setsid() < 0 || fork() != 0)
            _exit(0);
        if (detach(kept, n_fds))
            work(argument);
        _exit(0);
    }
    free(kept);
    if (child < 0)
        return error_errno(err, "start work in the background");
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return 0;
}
