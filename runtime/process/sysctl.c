/* SPDX-License-Identifier: Apache-2.0 */
#include "sysctl.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROOT           "/proc/sys/"
#define PATH_MAX_BYTES 256

/* Entries that end in "/" stand for everything below. ipc_namespaces(7), uts_namespaces(7),
 * network_namespaces(7). */
static const struct {
    const char *path;
    enum config_namespace_type type;
} owned[] = {
    {"net/", CONFIG_NAMESPACE_NETWORK},        {"fs/mqueue/", CONFIG_NAMESPACE_IPC},
    {"kernel/msgmax", CONFIG_NAMESPACE_IPC},   {"kernel/msgmnb", CONFIG_NAMESPACE_IPC},
    {"kernel/msgmni", CONFIG_NAMESPACE_IPC},   {"kernel/sem", CONFIG_NAMESPACE_IPC},
    {"kernel/shmall", CONFIG_NAMESPACE_IPC},   {"kernel/shmmax", CONFIG_NAMESPACE_IPC},
    {"kernel/shmmni", CONFIG_NAMESPACE_IPC},   {"kernel/shm_rmid_forced", CONFIG_NAMESPACE_IPC},
    {"kernel/hostname", CONFIG_NAMESPACE_UTS}, {"kernel/domainname", CONFIG_NAMESPACE_UTS},
};

/* As sysctl(8): the first separator decides which of "." and "/" separates; the other one is part of a name.
 */
static int make_path(const char *key, char path[PATH_MAX_BYTES], struct error *err)
{
    size_t length = strlen(key), first = strcspn(key, "./");
    char separator = key[first];
    if (length == 0 || length >= PATH_MAX_BYTES)
        return error_set(err, ERROR_REFUSED, "linux.sysctl: '%s' is not a parameter's name", key);
    for (size_t i = 0; i <= length; i++) {
        path[i] = key[i];
        if (separator == '.' && key[i] == '.')
            path[i] = '/';
        else if (separator == '.' && key[i] == '/')
            path[i] = '.';
    }
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (*at == '\0' || *at == '/' || strncmp(at, "../", 3) == 0 || strcmp(at, "..") == 0)
            return error_set(err, ERROR_REFUSED, "linux.sysctl: '%s' is not a parameter's name", key);
    }
    return 0;
}

int sysctl_check(const char *key, enum config_namespace_type *out_type, struct error *err)
{
    char path[PATH_MAX_BYTES];
    if (make_path(key, path, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        size_t length = strlen(owned[i].path);
        bool is_folder = owned[i].path[length - 1] == '/';
        if (is_folder ? strncmp(path, owned[i].path, length) == 0 : strcmp(path, owned[i].path) == 0) {
            *out_type = owned[i].type;
            return 0;
        }
    }
    return error_set(err, ERROR_REFUSED, "linux.sysctl: '%s' is a parameter of the whole host", key);
}

int sysctl_write(const char *key, const char *value, struct error *err)
{
    char path[PATH_MAX_BYTES], full[sizeof(ROOT) + PATH_MAX_BYTES];
    _cleanup_close_ int fd = -1;
    if (make_path(key, path, err) < 0)
        return -1;
    snprintf(full, sizeof(full), ROOT "%s", path);
    if (fd_open(AT_FDCWD, full, O_WRONLY, 0, &fd, err) < 0 ||
        fd_write_all(fd, value, strlen(value), full, err) < 0)
        return error_wrap(err, "linux.sysctl: set '%s' to '%s'", key, value);
    return 0;
}
