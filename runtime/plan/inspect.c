/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* It reads a few pages of a file; what takes longer has met a file that is none. */
#define TIMEOUT_MS 10000

static bool is_terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static int check_answer(const struct inspect_answer *answer, struct error *err)
{
    bool is_good = answer->version == INSPECT_VERSION && answer->n_devices <= INSPECT_DEVICES_MAX &&
                   is_terminated(answer->text, sizeof(answer->text));
    for (size_t i = 0; is_good && i < answer->n_devices; i++)
        is_good = is_terminated(answer->devices[i].name, sizeof(answer->devices[i].name));
    return is_good ? 0 : error_set(err, ERROR_BUG, "the monitor's answer is not in order");
}

int inspect_file(const char *monitor, int fd, struct inspect_answer *out, struct error *err)
{
    char name[] = "wherry-monitor", option[] = "--inspect=binary";
    char *const argv[] = {name, option, NULL}, *const envp[] = {NULL};
    struct error read_error = {0};
    int pair[2], status;
    pid_t pid;

    if (pipe2(pair, O_CLOEXEC) < 0)
        return error_errno(err, "inspect the unikernel");
    _cleanup_close_ int answer_fd = pair[0], monitors = pair[1];
    struct subprocess program = {.path = monitor,
                                 .argv = argv,
                                 .envp = envp,
                                 .stdin_fd = fd,
                                 .stdout_fd = monitors,
                                 .stderr_fd = STDERR_FILENO};
    if (subprocess_spawn(&program, &pid, err) < 0)
        return -1;
    close(take_fd(&monitors));

    int is_read = fd_read_exactly(answer_fd, out, sizeof(*out), "the monitor's answer", &read_error);
    if (subprocess_wait(pid, TIMEOUT_MS, &status, err) < 0)
        return error_wrap(err, "inspect the unikernel");
    if (status != 0)
        return error_set(err, ERROR_SYSTEM, "inspect the unikernel: exit status %d",
                         subprocess_exit_code(status));
    if (is_read < 0) {
        *err = read_error;
        return error_wrap(err, "inspect the unikernel");
    }
    return check_answer(out, err);
}
