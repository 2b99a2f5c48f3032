/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include "plan_guest.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URUNC_JSON "/urunc.json"

static int read_config(struct plan *plan, const char *name, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    _cleanup_close_ int fd = -1;

    if (name != NULL && name[0] == '/')
        path = strdup(name);
    else if (asprintf(&path, "%s/%s", plan->bundle, name != NULL ? name : "config.json") < 0)
        path = NULL;
    if (path == NULL)
        return error_errno(err, "read the configuration");
    if (fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    if (fd_read_all(fd, CONFIG_SIZE_MAX, &plan->config_text, &plan->config_size, path, err) < 0)
        return -1;
    if (config_parse(plan->config_text, plan->config_size, &plan->config, err) < 0)
        return error_wrap(err, "%s", path);
    for (size_t i = 0; i < plan->config->warnings.n; i++)
        log_line(LOG_LEVEL_DEBUG, "config.json: %s", plan->config->warnings.items[i]);
    return 0;
}

static int find_bundle(struct plan *plan, const char *bundle, struct error *err)
{
    plan->bundle = realpath(bundle, NULL);
    return plan->bundle == NULL ? error_errno(err, "bundle '%s'", bundle) : 0;
}

static int open_rootfs(struct plan *plan, struct error *err)
{
    const char *path = plan->config->root.path;
    _cleanup_free_ char *joined = NULL;

    if (path == NULL)
        return error_set(err, ERROR_INPUT, "config.json: root.path is not given");
    if (asprintf(&joined, "%s%s%s", path[0] == '/' ? "" : plan->bundle, path[0] == '/' ? "" : "/", path) <
        0) {
        joined = NULL;
        return error_errno(err, "root file system");
    }
    plan->rootfs = realpath(joined, NULL);
    if (plan->rootfs == NULL)
        return error_errno(err, "root file system '%s'", joined);
    return fd_open(AT_FDCWD, plan->rootfs, O_PATH | O_DIRECTORY, 0, &plan->rootfs_fd, err);
}

/* Opens a regular file of the root file system for reading; a device or pipe there must not be touched. */
static int open_in_rootfs(const struct plan *plan, const char *path, int *out_fd, struct error *err)
{
    return path_open_in_root(plan->rootfs_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, out_fd, err);
}

static int read_metadata(struct plan *plan, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    struct error missing;
    size_t size = 0;

    if (open_in_rootfs(plan, URUNC_JSON, &fd, &missing) < 0) {
        if (missing.errnum != ENOENT && missing.errnum != ENOTDIR) {
            *err = missing;
            return -1;
        }
    } else if (fd_read_all(fd, UNIKERNEL_URUNC_JSON_SIZE_MAX, &text, &size, URUNC_JSON, err) < 0) {
        return -1;
    }
    if (unikernel_read(&plan->config->annotations, text, size, &plan->unikernel, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->unikernel->warnings.n; i++)
        log_line(LOG_LEVEL_WARNING, "%s", plan->unikernel->warnings.items[i]);
    return 0;
}

/* A check of the device file alone: what KVM can do, the monitor says. */
static int check_kvm(struct error *err)
{
    if (access("/dev/kvm", R_OK | W_OK) < 0)
        return error_errno(err, "open '/dev/kvm'");
    return 0;
}

int plan_make(const char *bundle, const char *config, const struct settings *settings, struct plan *out,
              struct error *err)
{
    _cleanup_(plan_release) struct plan plan = PLAN_NONE;

    if (find_bundle(&plan, bundle, err) < 0)
        return -1;
    if (read_config(&plan, config, err) < 0)
        return -1;
    if (open_rootfs(&plan, err) < 0)
        return -1;
    if (read_metadata(&plan, err) < 0)
        return -1;

    if (plan_find_guest(&plan, settings, err) < 0)
        return -1;
    if (plan.is_unikernel) {
        if (config_check_supported(plan.config, err) < 0)
            return error_wrap(err, "config.json");
        if (check_kvm(err) < 0)
            return -1;
        if (plan_fit_guest(&plan, settings, err) < 0)
            return -1;
        if (namespace_plan_init(&plan.namespaces, plan.config, err) < 0)
            return -1;
    }
    *out = plan;
    plan = PLAN_NONE;
    return 0;
}

void plan_release(struct plan *plan)
{
    namespace_plan_release(&plan->namespaces);
    cleanup_close(&plan->guest_fd);
    cleanup_close(&plan->rootfs_fd);
    free(plan->cmdline);
    unikernel_free(plan->unikernel);
    config_free(plan->config);
    free(plan->config_text);
    free(plan->rootfs);
    free(plan->bundle);
    *plan = PLAN_NONE;
}
