/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the order of the stages is the order in which they become impossible.
 *
 *   1. user namespace   first, because it brings the rights to make the others, to who has none
 *   2. namespaces       mount, IPC, UTS, cgroup, network: nothing of the host left to name
 *   3. empty root       needs the mount namespace and its rights, and is the last use of them
 *   4. capabilities     all sets, the bounding set included: there is no way back
 *   5. process          no_new_privs, which Landlock and seccomp ask for; not dumpable
 *   6. limits           no core dumps, no locked memory, no message queues
 *   7. Landlock         after all stages that use files
 *
 * and, in sandbox_seal(), when the last descriptor is there:
 *
 *   8. descriptors      all that are not in use are closed
 *   9. seccomp          last of all, because every stage above is made of calls that it forbids
 */
#include "sandbox.h"

#include "base/cleanup.h"
#include "empty_root.h"
#include "landlock.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* As many network devices as a guest can have wait for packets, and one to spare. */
#define DESCRIPTORS_MAX 64

/* ---- 1. User namespace ---- */

/* No identifiers are mapped: it is a namespace in which nobody exists, and needs no file of /proc. */
static int make_user_namespace(const struct sandbox_plan *plan, struct error *err)
{
    if ((plan->own_namespaces & CLONE_NEWUSER) != 0 && unshare(CLONE_NEWUSER) < 0)
        return error_errno(err, "make a user namespace");
    return 0;
}

/* ---- 2. Namespaces ---- */

/* All in one go, which takes a tenth less time; else one by one, so that one kind that this kernel lacks does
 * not cost the others. */
static int make_namespaces(const struct sandbox_plan *plan, struct error *err)
{
    static const struct {
        unsigned flag;
        const char *name;
    } kinds[] = {{CLONE_NEWNS, "mount"},
                 {CLONE_NEWIPC, "IPC"},
                 {CLONE_NEWUTS, "UTS"},
                 {CLONE_NEWCGROUP, "cgroup"},
                 {CLONE_NEWNET, "network"}};
    const unsigned wanted = plan->own_namespaces & ~(unsigned)CLONE_NEWUSER;
    int result = 0;

    if (wanted == 0 || unshare((int)wanted) == 0)
        return 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if ((plan->own_namespaces & kinds[i].flag) != 0 && unshare((int)kinds[i].flag) < 0 && result == 0)
            result = error_errno(err, "make a %s namespace", kinds[i].name);
    return result;
}

/* ---- 3. Empty root ---- */

/* Mounts change only in a namespace that is surely this process's own. */
static int enter_empty_root(const struct sandbox_plan *plan, const struct sandbox_skips *skips,
                            struct error *err)
{
    struct error ignored;
    bool is_own = (plan->own_namespaces & CLONE_NEWNS) != 0 && !skips->is_skipped[SANDBOX_NAMESPACES];

    /* In a chroot the root is no mount, and cannot be replaced. */
    if (is_own && empty_root_replace(&ignored) == 0)
        return 0;
    return empty_root_enter(err);
}

/* ---- 4. Capabilities ---- */

static int drop_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    /* A kernel knows fewer than 64, and the first that it does not know ends the list. */
    for (unsigned long capability = 0; capability < 64; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                break;
            /* Without CAP_SETPCAP the bounding set stays: it bounds nothing for who has no_new_privs. */
            if (errno != EPERM)
                return error_errno(err, "drop capability %lu", capability);
        }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return error_errno(err, "drop ambient capabilities");
    if (syscall(SYS_capset, &header, none) < 0)
        return error_errno(err, "drop capabilities");
    return 0;
}

/* ---- 5. Process ---- */

static int restrict_process(struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_errno(err, "set no_new_privs");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_errno(err, "make the process not dumpable");
    /* From Linux 6.3: no mapping becomes executable that was not. */
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0 && errno != EINVAL)
        return error_errno(err, "refuse executable memory");
    return 0;
}

/* ---- 6. Limits ---- */

/* Not the number of processes: KVM starts a thread of its own at the first run, which counts as one. */
static int lower_limits(struct error *err)
{
    static const struct {
        int resource;
        const char *name;
    } zero[] = {{RLIMIT_CORE, "core"}, {RLIMIT_MEMLOCK, "memlock"}, {RLIMIT_MSGQUEUE, "msgqueue"}};
    static const struct rlimit none = {0, 0};

    for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
        if (setrlimit(zero[i].resource, &none) < 0)
            return error_errno(err, "limit '%s' to 0", zero[i].name);
    return 0;
}

/* ---- All of them, and 7. Landlock ---- */

static int stage_enter(enum sandbox_stage stage, const struct sandbox_plan *plan,
                       const struct sandbox_skips *skips, struct error *err)
{
    switch (stage) {
    case SANDBOX_USER_NAMESPACE:
        return make_user_namespace(plan, err);
    case SANDBOX_NAMESPACES:
        return make_namespaces(plan, err);
    case SANDBOX_ROOT:
        return enter_empty_root(plan, skips, err);
    case SANDBOX_CAPABILITIES:
        return drop_capabilities(err);
    case SANDBOX_PROCESS:
        return restrict_process(err);
    case SANDBOX_LIMITS:
        return lower_limits(err);
    case SANDBOX_LANDLOCK:
        return landlock_give_up_all(err);
    case SANDBOX_STAGE_COUNT:
        break;
    }
    return error_set(err, ERROR_BUG, "the box has no stage %d", (int)stage);
}

/* A host may forbid new namespaces; nothing stops a process that gives rights away. */
static bool can_skip(enum sandbox_stage stage)
{
    return stage == SANDBOX_USER_NAMESPACE || stage == SANDBOX_NAMESPACES || stage == SANDBOX_ROOT;
}

int sandbox_enter(const struct sandbox_plan *plan, struct sandbox_skips *skips, struct error *err)
{
    memset(skips->is_skipped, 0, sizeof(skips->is_skipped));
    for (unsigned i = 0; i < SANDBOX_STAGE_COUNT; i++) {
        if (stage_enter(i, plan, skips, &skips->why[i]) == 0)
            continue;
        skips->is_skipped[i] = true;
        if (!can_skip(i)) {
            *err = skips->why[i];
            return error_wrap(err, "enter the box");
        }
    }
    return 0;
}

size_t sandbox_format_skips(const struct sandbox_skips *skips, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < SANDBOX_STAGE_COUNT; i++) {
        if (!skips->is_skipped[i] || used >= size)
            continue;
        int n = snprintf(text + used, size - used, "%s%s", used > 0 ? "; " : "", skips->why[i].text);
        used += n > 0 ? (size_t)n : 0;
    }
    return used < size ? used : size - 1;
}

/* ---- 8. Descriptors ---- */

static int compare_fds(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int close_between(int first, int last, struct error *err)
{
    if (first <= last && syscall(SYS_close_range, first, last, 0) < 0)
        return error_errno(err, "close descriptors %d to %d", first, last);
    return 0;
}

/* Closes all descriptors but those in keep, which is sorted. */
static int close_others(int *keep, size_t n, struct error *err)
{
    int next = 0;

    qsort(keep, n, sizeof(keep[0]), compare_fds);
    for (size_t i = 0; i < n; i++) {
        if (keep[i] < next)
            continue;
        if (close_between(next, keep[i] - 1, err) < 0)
            return -1;
        next = keep[i] + 1;
    }
    return close_between(next, INT32_MAX, err);
}

static int close_unused(const struct syscalls_use *use, struct error *err)
{
    size_t n = 0;
    _cleanup_free_ int *keep = malloc((6 + use->n_nets + use->n_volumes + use->n_filling) * sizeof(int));
    if (keep == NULL)
        return error_errno(err, "close descriptors");

    keep[n++] = STDOUT_FILENO;
    keep[n++] = STDERR_FILENO;
    keep[n++] = use->vcpu_fd;
    if (use->start_fd >= 0)
        keep[n++] = use->start_fd;
    if (use->console_fd >= 0)
        keep[n++] = use->console_fd;
    if (use->call_fd >= 0)
        keep[n++] = use->call_fd;
    for (size_t i = 0; i < use->n_nets; i++)
        keep[n++] = use->net_fds[i];
    for (size_t i = 0; i < use->n_volumes; i++)
        keep[n++] = use->volume_fds[i];
    for (size_t i = 0; i < use->n_filling; i++)
        keep[n++] = use->filling_fds[i];
    return close_others(keep, n, err);
}

/* ---- 9. seccomp ---- */

/* ppoll(2) refuses to wait for more descriptors than the process may have. */
static int limit_descriptors(struct error *err)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return error_errno(err, "get the limit of descriptors");
    if (limit.rlim_max > DESCRIPTORS_MAX)
        limit.rlim_max = DESCRIPTORS_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return error_errno(err, "limit descriptors");
    return 0;
}

int sandbox_seal(const struct syscalls_use *use, struct error *err)
{
    static struct syscall_filter list;

    if (syscalls_list(use, &list, err) < 0 || close_unused(use, err) < 0 || limit_descriptors(err) < 0)
        return error_wrap(err, "seal the box");
    if (syscall_filter_catch(err) < 0 || syscall_filter_load(&list, err) < 0)
        return error_wrap(err, "seal the box");
    return 0;
}
