/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_file.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* v1 prints "no limit" as the largest multiple of the page size below 2^63, the page size being the kernel's.
 */
#define V1_UNLIMITED_FROM (INT64_MAX - 65536)

static int join(char path[PATH_MAX], const char *dir, const char *name, struct error *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= PATH_MAX)
        return error_number(err, ENAMETOOLONG, "open '%s' of a cgroup", name);
    return 0;
}

bool cgroup_file_exists(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct error ignored;
    return join(path, dir, name, &ignored) == 0 && access(path, F_OK) == 0;
}

int cgroup_file_write(const char *dir, const char *name, const char *text, struct error *err)
{
    char path[PATH_MAX];
    _cleanup_close_ int fd = -1;
    if (join(path, dir, name, err) < 0 || fd_open(AT_FDCWD, path, O_WRONLY, 0, &fd, err) < 0)
        return -1;

    ssize_t n;
    do
        n = write(fd, text, strlen(text));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "write \"%s\" to '%s'", text, path);
    return 0;
}

int cgroup_file_write_u64(const char *dir, const char *name, uint64_t value, struct error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return cgroup_file_write(dir, name, text, err);
}

int cgroup_file_write_i64(const char *dir, const char *name, int64_t value, struct error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    return cgroup_file_write(dir, name, text, err);
}

int cgroup_file_read(const char *dir, const char *name, char **out_text, struct error *err)
{
    char path[PATH_MAX];
    _cleanup_close_ int fd = -1;
    size_t size;
    if (join(path, dir, name, err) < 0 || fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    return fd_read_all(fd, CGROUP_FILE_MAX, out_text, &size, path, err);
}

int cgroup_file_read_u64(const char *dir, const char *name, uint64_t *out, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    uint64_t value;
    if (cgroup_file_read(dir, name, &text, err) < 0)
        return -1;
    if (strncmp(text, "max", 3) == 0)
        value = UINT64_MAX;
    else if (num_scan_u64(text, strlen(text), &value) == 0)
        return error_set(err, ERROR_SYSTEM, "read '%s/%s': no number", dir, name);
    *out = value >= V1_UNLIMITED_FROM ? UINT64_MAX : value;
    return 0;
}

uint64_t cgroup_file_get_u64(const char *dir, const char *name)
{
    struct error ignored;
    uint64_t value = 0;
    return cgroup_file_read_u64(dir, name, &value, &ignored) < 0 ? 0 : value;
}

uint64_t cgroup_file_find_u64(const char *text, const char *word)
{
    size_t length = strlen(word);
    uint64_t value = 0;
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0 && line[length] == ' ') {
            num_scan_u64(line + length + 1, strlen(line + length + 1), &value);
            break;
        }
    }
    return value;
}
