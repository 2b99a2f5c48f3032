/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci-spec/config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than any kernel has; asking for one that it lacks is EINVAL and ends the list. */
#define CAPABILITIES_MAX 64

int confine_oom_score(const struct config_process *process, struct error *err)
{
    char text[16];
    _cleanup_close_ int fd = -1;
    if (!process->has_oom_score_adj)
        return 0;
    int n = snprintf(text, sizeof(text), "%d", process->oom_score_adj);
    if (fd_open(AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY, 0, &fd, err) < 0 ||
        fd_write_all(fd, text, (size_t)n, "'/proc/self/oom_score_adj'", err) < 0)
        return error_wrap(err, "process.oomScoreAdj: set %d", process->oom_score_adj);
    return 0;
}

int confine_rlimits(const struct config_process *process, struct error *err)
{
    for (size_t i = 0; i < process->n_rlimits; i++) {
        const struct config_rlimit *limit = &process->rlimits[i];
        struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
        if (setrlimit((__rlimit_resource_t)limit->resource, &value) < 0)
            return error_errno(err, "process.rlimits: set %s to %ju, at most %ju", limit->name,
                               (uintmax_t)limit->soft, (uintmax_t)limit->hard);
    }
    return 0;
}

int confine_user(const struct config_process *process, struct error *err)
{
    const struct config_user *user = &process->user;
    if (user->has_umask)
        umask(user->umask);
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return error_errno(err, "keep capabilities");
    _Static_assert(sizeof(gid_t) == sizeof(user->additional_gids[0]), "the list can be handed on");
    if (setgroups(user->n_additional_gids, user->additional_gids) < 0)
        return error_errno(err, "process.user.additionalGids: set %zu groups", user->n_additional_gids);
    if (setresgid(user->gid, user->gid, user->gid) < 0)
        return error_errno(err, "process.user.gid: become group %u", user->gid);
    if (setresuid(user->uid, user->uid, user->uid) < 0)
        return error_errno(err, "process.user.uid: become user %u", user->uid);
    return 0;
}

static int get_capabilities(struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3], struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    if (syscall(SYS_capget, &header, data) < 0)
        return error_errno(err, "read capabilities");
    return 0;
}

static int set_capabilities(const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3],
                            struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    if (syscall(SYS_capset, &header, data) < 0)
        return error_errno(err, "set capabilities");
    return 0;
}

/* Changing the user has taken the effective set; what is permitted still can be taken into it, for a last
 * time. */
static int drop_bounding_set(struct error *err)
{
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (get_capabilities(data, err) < 0)
        return -1;
    bool may_drop = (data[0].permitted & 1u << CAP_SETPCAP) != 0;
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    if (set_capabilities(data, err) < 0)
        return -1;
    if (!may_drop) /* then it could not give any away either: no_new_privs is what remains to be done */
        return 0;
    for (unsigned long capability = 0; capability < CAPABILITIES_MAX; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
            continue;
        if (errno == EINVAL)
            break;
        return error_errno(err, "drop capability %lu", capability);
    }
    return 0;
}

int confine_capabilities(struct error *err)
{
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof(none));
    if (drop_bounding_set(err) < 0 || set_capabilities(none, err) < 0)
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return error_errno(err, "drop ambient capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "set no_new_privs");
    return 0;
}
