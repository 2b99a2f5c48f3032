/* SPDX-License-Identifier: Apache-2.0 */
#include "delegate.h"

#include "cli.h"
#include "settings.h"
#include "state_dir.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS "/run/wherry-delegated"

/* Where Debian's crun looks whether the unified hierarchy of a hybrid host has controllers: it then refuses
 * every container. */
#define HYBRID_CONTROLLERS "/sys/fs/cgroup/unified/cgroup.controllers"

/* The directory of a root's records: the root as one file name. Returns NULL for lack of memory. */
static char *records_of(const char *root)
{
    char *path = malloc(sizeof(RECORDS) + 1 + 3 * strlen(root));
    if (path == NULL)
        return NULL;
    size_t n = (size_t)sprintf(path, RECORDS "/");
    for (; *root != '\0'; root++)
        n += (size_t)sprintf(path + n, *root == '/' || *root == '%' ? "%%%02X" : "%c", *root);
    return path;
}

static char *record_of(const char *root, const char *id)
{
    _cleanup_free_ char *records = records_of(root);
    char *path = NULL;
    if (records == NULL || asprintf(&path, "%s/%s", records, id) < 0)
        return NULL;
    return path;
}

char *delegate_find(const char *root, const char *id)
{
    _cleanup_free_ char *path = record_of(root, id), *runtime = NULL;
    struct error ignored;
    size_t size;
    _cleanup_close_ int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fd_read_all(fd, PATH_MAX, &runtime, &size, "record", &ignored) < 0)
        return NULL;
    return take_ptr(runtime);
}

void delegate_forget(const char *root, const char *id)
{
    _cleanup_free_ char *path = record_of(root, id);
    if (path == NULL || unlink(path) < 0)
        return;
    /* The last one takes the directory with it; rmdir(2) refuses as long as there are others. */
    *strrchr(path, '/') = '\0';
    (void)rmdir(path);
}

static int remember(const char *root, const char *id, const char *runtime, struct error *err)
{
    _cleanup_free_ char *records = records_of(root), *path = record_of(root, id);
    _cleanup_close_ int fd = -1;
    if (records == NULL || path == NULL)
        return error_errno(err, "remember who has '%s'", id);
    if (path_make_dirs(records, 0700, err) < 0)
        return -1;
    if (fd_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, err) < 0)
        return -1;
    return fd_write_all(fd, runtime, strlen(runtime), path, err);
}

int delegate_list(const char *root, char ***out_ids, size_t *out_n, struct error *err)
{
    _cleanup_free_ char *records = records_of(root);
    if (records == NULL)
        return error_errno(err, "list '" RECORDS "'");
    return state_dir_list(records, out_ids, out_n, err);
}

/* The command line for the other runtime: as it came, but for the options that only wherry knows. */
static char **translate(const struct cli_invocation *invocation, char *runtime, struct error *err)
{
    size_t n = 0, to = 1;
    while (invocation->argv[n] != NULL)
        n++;
    char **argv = calloc(n + 1, sizeof(*argv));
    if (argv == NULL) {
        error_errno(err, "hand over to '%s'", runtime);
        return NULL;
    }
    argv[0] = runtime;
    for (size_t from = 1; from < n; from++) {
        if (strcmp(invocation->argv[from], "--settings") == 0)
            from++;
        else if (strncmp(invocation->argv[from], "--settings=", 11) != 0)
            argv[to++] = invocation->argv[from];
    }
    return argv;
}

static int hand_over(const struct cli_invocation *invocation, char *runtime, struct error *err)
{
    _cleanup_free_ char **argv = translate(invocation, runtime, err);
    if (argv == NULL)
        return -1;
    log_commit();
    execv(runtime, argv);
    return error_errno(err, "hand over to '%s'", runtime);
}

int delegate_delete(const struct cli_invocation *invocation, const char *id, int *out_status,
                    struct error *err)
{
    _cleanup_free_ char *runtime = delegate_find(invocation->global->root, id);
    int status;
    pid_t pid;

    *out_status = -1;
    if (runtime == NULL)
        return 0;
    _cleanup_free_ char **argv = translate(invocation, runtime, err);
    if (argv == NULL)
        return -1;
    struct subprocess program = {.path = runtime,
                                 .argv = argv,
                                 .envp = environ,
                                 .stdin_fd = STDIN_FILENO,
                                 .stdout_fd = STDOUT_FILENO,
                                 .stderr_fd = STDERR_FILENO};
    if (subprocess_spawn(&program, &pid, err) < 0 ||
        subprocess_wait(pid, SUBPROCESS_NO_LIMIT, &status, err) < 0)
        return -1;
    *out_status = subprocess_exit_code(status);
    if (*out_status == 0)
        delegate_forget(invocation->global->root, id);
    return 0;
}

int delegate_continue(const struct cli_invocation *invocation, const char *id, struct error *err)
{
    _cleanup_free_ char *runtime = delegate_find(invocation->global->root, id);
    if (runtime == NULL)
        return 0;
    log_line(LOG_LEVEL_DEBUG, "container '%s' belongs to '%s'", id, runtime);
    return hand_over(invocation, runtime, err);
}

static bool refuses_this_host(const char *runtime)
{
    const char *name = strrchr(runtime, '/');
    char byte;
    if (name == NULL || strcmp(name, "/crun") != 0)
        return false;
    _cleanup_close_ int fd = open(HYBRID_CONTROLLERS, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &byte, 1) == 1 && byte != '\n';
}

int delegate_create(const struct cli_invocation *invocation, const struct settings *settings, const char *id,
                    struct error *err)
{
    for (size_t i = 0; i < settings->n_delegates; i++) {
        char *runtime = settings->delegates[i];
        if (refuses_this_host(runtime)) {
            log_line(LOG_LEVEL_DEBUG, "'%s' does not run containers on a hybrid cgroup host", runtime);
            continue;
        }
        log_line(LOG_LEVEL_INFO, "container '%s' is no unikernel: handing it over to '%s'", id, runtime);
        if (remember(invocation->global->root, id, runtime, err) < 0)
            return -1;
        if (hand_over(invocation, runtime, err) < 0) {
            delegate_forget(invocation->global->root, id);
            return -1;
        }
    }
    return error_set(err, ERROR_NO_EXEC,
                     "container '%s' is no unikernel, and there is no other runtime to hand it over to", id);
}
