/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of entering, and why:
 *
 *   1. Join everything but the user namespace. A namespace belongs to the user namespace it was made in,
 *      often the host's; only with the host's privileges is it certain that it can be joined. The mount
 *      namespace comes last of them, because paths mean something else after it.
 *   2. Join or make the user namespace. Its maps can only be written by somebody with privileges outside:
 *      the runtime, which is told through the socket.
 *   3. Become its root: files and namespaces made from now on belong to it.
 *   4. Make the others, so that they belong to the new user namespace. The time namespace's offsets can be
 *      set only before the first process is in it: the child that the caller forks.
 *
 * The socket carries single bytes: from the child ASK_MAPS, answered by ANSWER_DONE, and at last
 * TELL_ENTERED.
 */
#include "namespace.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define ASK_MAPS     'm'
#define ANSWER_DONE  'd'
#define TELL_ENTERED 'e'

/* The kernel takes 340 lines in a map (user_namespaces(7)) of at most 33 characters each. */
#define MAP_TEXT_SIZE 16384

static const struct {
    int flag;
    const char *file; /* in /proc/PID/ns */
} kinds[CONFIG_NAMESPACE_COUNT] = {
    [CONFIG_NAMESPACE_PID] = {CLONE_NEWPID, "pid"},
    [CONFIG_NAMESPACE_NETWORK] = {CLONE_NEWNET, "net"},
    [CONFIG_NAMESPACE_MOUNT] = {CLONE_NEWNS, "mnt"},
    [CONFIG_NAMESPACE_IPC] = {CLONE_NEWIPC, "ipc"},
    [CONFIG_NAMESPACE_UTS] = {CLONE_NEWUTS, "uts"},
    [CONFIG_NAMESPACE_USER] = {CLONE_NEWUSER, "user"},
    [CONFIG_NAMESPACE_CGROUP] = {CLONE_NEWCGROUP, "cgroup"},
    [CONFIG_NAMESPACE_TIME] = {CLONE_NEWTIME, "time"},
};

static const enum config_namespace_type join_order[] = {
    CONFIG_NAMESPACE_CGROUP, CONFIG_NAMESPACE_IPC,  CONFIG_NAMESPACE_UTS,   CONFIG_NAMESPACE_NETWORK,
    CONFIG_NAMESPACE_PID,    CONFIG_NAMESPACE_TIME, CONFIG_NAMESPACE_MOUNT,
};

static int check_maps_root(const struct config_id_mappings *mappings, const char *property, struct error *err)
{
    for (size_t i = 0; i < mappings->n; i++) {
        if (mappings->items[i].container_id == 0)
            return 0;
    }
    return error_set(err, ERROR_REFUSED, "%s: no mapping for id 0 of the container", property);
}

int namespace_plan_init(struct namespace_plan *plan, const struct config *config, struct error *err)
{
    *plan = (struct namespace_plan){.config = config};
    for (int type = 0; type < CONFIG_NAMESPACE_COUNT; type++) {
        const struct config_namespace *wanted = &config->namespaces[type];
        plan->ns[type].fd = -1;
        if (wanted->is_listed)
            plan->ns[type].choice = wanted->path != NULL ? NAMESPACE_JOIN : NAMESPACE_MAKE;
    }
    if (plan->ns[CONFIG_NAMESPACE_USER].choice == NAMESPACE_MAKE &&
        (check_maps_root(&config->uid_mappings, "linux.uidMappings", err) < 0 ||
         check_maps_root(&config->gid_mappings, "linux.gidMappings", err) < 0))
        return -1;
    for (size_t i = 0; i < config->sysctl.n; i++) {
        enum config_namespace_type ignored;
        if (sysctl_check(config->sysctl.pairs[i].key, &ignored, err) < 0)
            return -1;
    }
    return 0;
}

static int open_one(const char *path, enum config_namespace_type type, int *out_fd, bool *out_own,
                    struct error *err)
{
    _cleanup_close_ int fd = -1;
    char own[64];
    struct stat theirs, ours;
    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    int flag = ioctl(fd, NS_GET_NSTYPE);
    if (flag != kinds[type].flag)
        return error_set(err, ERROR_INPUT, "'%s' is %s", path,
                         flag < 0 ? "no namespace" : "a namespace of another type");
    snprintf(own, sizeof(own), "/proc/self/ns/%s", kinds[type].file);
    if (fstat(fd, &theirs) < 0 || stat(own, &ours) < 0)
        return error_errno(err, "look at '%s'", path);
    *out_own = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
    *out_fd = take_fd(&fd);
    return 0;
}

/* What would be done to the host because the container has no namespace of its own for it. */
static int check_not_host(const struct namespace_plan *plan, struct error *err)
{
    const struct config *config = plan->config;
    if (plan->ns[CONFIG_NAMESPACE_UTS].choice == NAMESPACE_INHERIT &&
        (config->hostname != NULL || config->domainname != NULL))
        return error_set(err, ERROR_REFUSED, "%s: the container has no uts namespace of its own",
                         config->hostname != NULL ? "hostname" : "domainname");
    for (size_t i = 0; i < config->sysctl.n; i++) {
        enum config_namespace_type type;
        if (sysctl_check(config->sysctl.pairs[i].key, &type, err) < 0)
            return -1;
        if (plan->ns[type].choice == NAMESPACE_INHERIT)
            return error_set(err, ERROR_REFUSED,
                             "linux.sysctl: '%s': the container has no %s namespace of its own",
                             config->sysctl.pairs[i].key, config_namespace_name(type));
    }
    return 0;
}

int namespace_plan_open(struct namespace_plan *plan, struct error *err)
{
    for (int type = 0; type < CONFIG_NAMESPACE_COUNT; type++) {
        bool is_own;
        if (plan->ns[type].choice != NAMESPACE_JOIN)
            continue;
        if (open_one(plan->config->namespaces[type].path, type, &plan->ns[type].fd, &is_own, err) < 0)
            return error_wrap(err, "linux.namespaces: %s", config_namespace_name(type));
        if (is_own) {
            close(take_fd(&plan->ns[type].fd));
            plan->ns[type].choice = NAMESPACE_INHERIT;
        }
    }
    return check_not_host(plan, err);
}

void namespace_plan_release(struct namespace_plan *plan)
{
    for (int type = 0; type < CONFIG_NAMESPACE_COUNT; type++) {
        cleanup_close(&plan->ns[type].fd);
        plan->ns[type].fd = -1;
    }
}

bool namespace_needs_fork(const struct namespace_plan *plan)
{
    return plan->ns[CONFIG_NAMESPACE_PID].choice != NAMESPACE_INHERIT ||
           plan->ns[CONFIG_NAMESPACE_TIME].choice != NAMESPACE_INHERIT;
}

static int send_byte(int sync, char byte, struct error *err)
{
    return fd_write_all(sync, &byte, 1, "the socket to the runtime", err);
}

static int enter_user(const struct namespace_plan *plan, int sync, struct error *err)
{
    char answer;
    int fd = plan->ns[CONFIG_NAMESPACE_USER].fd;
    switch (plan->ns[CONFIG_NAMESPACE_USER].choice) {
    case NAMESPACE_INHERIT:
        return 0;
    case NAMESPACE_JOIN:
        if (setns(fd, CLONE_NEWUSER) < 0)
            return error_errno(err, "join the user namespace '%s'",
                               plan->config->namespaces[CONFIG_NAMESPACE_USER].path);
        break;
    case NAMESPACE_MAKE:
        if (unshare(CLONE_NEWUSER) < 0)
            return error_errno(err, "make a user namespace");
        if (send_byte(sync, ASK_MAPS, err) < 0 ||
            fd_read_exactly(sync, &answer, 1, "the runtime's answer", err) < 0)
            return -1;
        break;
    }
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return error_errno(err, "become root of the user namespace");
    return 0;
}

static int set_time_offsets(const struct config *config, struct error *err)
{
    const struct {
        const char *name;
        const struct config_time_offset *offset;
    } clocks[] = {{"monotonic", &config->monotonic}, {"boottime", &config->boottime}};
    char text[128] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        if (clocks[i].offset->is_set)
            used +=
                (size_t)snprintf(text + used, sizeof(text) - used, "%s %" PRId64 " %" PRIu32 "\n",
                                 clocks[i].name, clocks[i].offset->seconds, clocks[i].offset->nanoseconds);
    }
    if (used == 0)
        return 0;
    _cleanup_close_ int fd = -1;
    if (fd_open(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY, 0, &fd, err) < 0 ||
        fd_write_all(fd, text, used, "the offsets", err) < 0)
        return error_wrap(err, "linux.timeOffsets");
    return 0;
}

static int make_rest(const struct namespace_plan *plan, struct error *err)
{
    for (int type = 0; type < CONFIG_NAMESPACE_COUNT; type++) {
        if (type == CONFIG_NAMESPACE_USER || plan->ns[type].choice != NAMESPACE_MAKE)
            continue;
        if (unshare(kinds[type].flag) < 0)
            return error_errno(err, "make a %s namespace", config_namespace_name(type));
    }
    if (plan->ns[CONFIG_NAMESPACE_TIME].choice == NAMESPACE_MAKE)
        return set_time_offsets(plan->config, err);
    return 0;
}

int namespace_enter(const struct namespace_plan *plan, int sync, struct error *err)
{
    for (size_t i = 0; i < sizeof(join_order) / sizeof(join_order[0]); i++) {
        enum config_namespace_type type = join_order[i];
        if (plan->ns[type].choice == NAMESPACE_JOIN && setns(plan->ns[type].fd, kinds[type].flag) < 0)
            return error_errno(err, "join the %s namespace '%s'", config_namespace_name(type),
                               plan->config->namespaces[type].path);
    }
    if (enter_user(plan, sync, err) < 0 || make_rest(plan, err) < 0)
        return -1;
    return send_byte(sync, TELL_ENTERED, err);
}

static int write_map(pid_t pid, const char *file, const struct config_id_mappings *mappings,
                     struct error *err)
{
    char path[64], text[MAP_TEXT_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < mappings->n; i++) {
        const struct config_id_mapping *m = &mappings->items[i];
        int n = snprintf(text + used, sizeof(text) - used, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
                         m->container_id, m->host_id, m->size);
        used += (size_t)n;
        if (used >= sizeof(text))
            return error_set(err, ERROR_REFUSED, "%zu id mappings are more than the kernel takes",
                             mappings->n);
    }

    _cleanup_close_ int fd = -1;
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    if (fd_open(AT_FDCWD, path, O_WRONLY, 0, &fd, err) < 0)
        return -1;
    if (write(fd, text, used) != (ssize_t)used) /* the kernel takes a map in one write only */
        return error_errno(err, "write '%s'", path);
    return 0;
}

int namespace_serve(const struct namespace_plan *plan, pid_t pid, int sync, struct error *err)
{
    for (;;) {
        char word;
        ssize_t n;
        do
            n = read(sync, &word, 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return error_errno(err, "read from process %d", pid);
        if (n == 0)
            return error_set(err, ERROR_SYSTEM, "process %d died while it entered its namespaces", pid);
        if (word == TELL_ENTERED)
            return 0;
        if (word != ASK_MAPS)
            return error_set(err, ERROR_BUG, "process %d asks for '%c'", pid, word);
        if (write_map(pid, "gid_map", &plan->config->gid_mappings, err) < 0 ||
            write_map(pid, "uid_map", &plan->config->uid_mappings, err) < 0)
            return error_wrap(err, "map ids of the user namespace");
        word = ANSWER_DONE;
        if (fd_write_all(sync, &word, 1, "the socket to the container's process", err) < 0)
            return -1;
    }
}

int namespace_open_network(pid_t pid, int *out_fd, struct error *err)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    return fd_open(AT_FDCWD, path, O_RDONLY, 0, out_fd, err);
}
