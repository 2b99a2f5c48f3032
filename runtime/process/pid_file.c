/* SPDX-License-Identifier: Apache-2.0 */
#include "pid_file.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
    _cleanup_free_ char *temporary = NULL;
    _cleanup_close_ int fd = -1;
    char digits[16];

    if (asprintf(&temporary, "%s.tmp", path) < 0) {
        temporary = NULL;
        return error_errno(err, "write '%s'", path);
    }
    int n = snprintf(digits, sizeof(digits), "%d", (int)pid);
    if (fd_open(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644, &fd, err) < 0)
        return -1;
    if (fd_write_all(fd, digits, (size_t)n, temporary, err) < 0)
        return -1;
    if (rename(temporary, path) < 0)
        return error_errno(err, "write '%s'", path);
    return 0;
}
