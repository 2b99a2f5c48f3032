/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_LIMIT_MS   10000
#define ANSWER_SIZE_MAX (1u << 20)

#define USUAL_DIRECTORIES "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool find_in(const char *directories, const char *name, char out_path[PATH_MAX])
{
    struct stat st;
    while (*directories != '\0') {
        size_t length = strcspn(directories, ":");
        int n = snprintf(out_path, PATH_MAX, "%.*s/%s", (int)length, directories, name);
        if (length > 0 && n < PATH_MAX && access(out_path, X_OK) == 0 && stat(out_path, &st) == 0 &&
            S_ISREG(st.st_mode))
            return true;
        directories += length + (directories[length] == ':');
    }
    return false;
}

bool program_find(const char *name, char out_path[PATH_MAX])
{
    const char *path = getenv("PATH");
    return (path != NULL && find_in(path, name, out_path)) || find_in(USUAL_DIRECTORIES, name, out_path);
}

/* A file takes the answer, so that a program that hangs with its output open cannot make us wait for it. */
int program_ask(char *const argv[], bool merges_stderr, struct program_answer *out, struct error *err)
{
    _cleanup_close_ int fd = memfd_create("answer", MFD_CLOEXEC);
    struct subprocess program = {.path = argv[0],
                                 .argv = argv,
                                 .envp = environ,
                                 .stdin_fd = -1,
                                 .stdout_fd = fd,
                                 .stderr_fd = merges_stderr ? fd : -1};
    int status;
    size_t size;
    pid_t pid;

    if (fd < 0)
        return error_errno(err, "ask '%s'", argv[0]);
    if (subprocess_spawn(&program, &pid, err) < 0)
        return -1;
    if (subprocess_wait(pid, TIME_LIMIT_MS, &status, err) < 0)
        return error_wrap(err, "'%s'", argv[0]);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_errno(err, "read the answer of '%s'", argv[0]);
    if (fd_read_all(fd, ANSWER_SIZE_MAX, &out->text, &size, argv[0], err) < 0)
        return -1;
    out->exit_status = subprocess_exit_code(status);
    return 0;
}
