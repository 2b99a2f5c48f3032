/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to all processes of a cgroup at once. A list of them is out of date as soon as it is read:
 * killing with SIGKILL therefore goes round until a list holds only what the kernel has already accepted as
 * dead, and v2's cgroup.kill, which does all that in the kernel, is used where it is there (Linux 5.14).
 */
#include "cgroup.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/num.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"
#include "cgroup_tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FREEZE_TRIES 400
#define POLL_NS      5000000
#define KILL_ROUNDS  50

struct pids {
    pid_t *list;
    size_t n, room;
};

static int add_pid(struct pids *pids, pid_t pid, struct error *err)
{
    if (array_grow(&pids->list, &pids->room, pids->n + 1, sizeof(*pids->list), "a cgroup's processes", err) <
        0)
        return -1;
    pids->list[pids->n++] = pid;
    return 0;
}

/* A directory that is gone has no processes; neither has a process that this pid namespace does not see (pid
 * 0). */
static int collect(const char *path, void *context, struct error *err)
{
    struct pids *pids = context;
    _cleanup_free_ char *text = NULL;
    if (cgroup_file_read(path, "cgroup.procs", &text, err) < 0)
        return err->errnum == ENOENT || err->errnum == ENODEV || err->errnum == EOPNOTSUPP ? 0 : -1;
    uint64_t pid;
    const char *at = text;
    for (size_t length; (length = num_scan_u64(at, strlen(at), &pid)) > 0;
         at += length + (at[length] == '\n')) {
        if (pid > 0 && pid <= INT_MAX && add_pid(pids, (pid_t)pid, err) < 0)
            return -1;
    }
    return 0;
}

static int compare_pid(const void *a, const void *b)
{
    const pid_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Every hierarchy has the same processes, unless somebody else moved one: the last is v2, where only root
 * could. */
int cgroup_pids(const struct cgroup *cgroup, pid_t **out_pids, size_t *out_n, struct error *err)
{
    struct pids pids = {.list = NULL};
    if (cgroup->n > 0 && cgroup_tree_visit(cgroup->dirs[cgroup->n - 1].path, collect, &pids, err) < 0) {
        free(pids.list);
        return -1;
    }
    if (pids.n > 0)
        qsort(pids.list, pids.n, sizeof(*pids.list), compare_pid);
    *out_pids = pids.list;
    *out_n = pids.n;
    return 0;
}

static bool is_file_saying(const char *dir, const char *name, const char *expected)
{
    _cleanup_free_ char *text = NULL;
    struct error ignored;
    return cgroup_file_read(dir, name, &text, &ignored) == 0 && strstr(text, expected) != NULL;
}

struct freezer {
    const char *dir, *file, *freeze, *thaw;     /* what to write */
    const char *status, *is_frozen, *is_thawed; /* where the result appears */
};

static int find_freezer(const struct cgroup *cgroup, struct freezer *out, struct error *err)
{
    const struct cgroup_dir *dir = cgroup_find(cgroup, CGROUP_FREEZER);
    if (dir != NULL) {
        *out = (struct freezer){dir->path,       "freezer.state", "FROZEN", "THAWED",
                                "freezer.state", "FROZEN",        "THAWED"};
        return 0;
    }
    dir = cgroup_find_v2(cgroup);
    if (dir != NULL && cgroup_file_exists(dir->path, "cgroup.freeze")) {
        *out =
            (struct freezer){dir->path, "cgroup.freeze", "1", "0", "cgroup.events", "frozen 1", "frozen 0"};
        return 0;
    }
    return error_set(err, ERROR_REFUSED, "the host has no cgroup freezer for this container");
}

/* v1 reports FREEZING while a process resists, for example in vfork; writing again makes it look again. */
static int set_frozen(const struct freezer *freezer, bool is_wanted, struct error *err)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    for (int i = 0; i < FREEZE_TRIES; i++) {
        if (i % 20 == 0 && cgroup_file_write(freezer->dir, freezer->file,
                                             is_wanted ? freezer->freeze : freezer->thaw, err) < 0)
            return -1;
        if (is_file_saying(freezer->dir, freezer->status,
                           is_wanted ? freezer->is_frozen : freezer->is_thawed))
            return 0;
        nanosleep(&pause, NULL);
    }
    return error_set(err, ERROR_SYSTEM, "cgroup '%s' is not %s after %d ms", freezer->dir,
                     is_wanted ? "frozen" : "thawed", FREEZE_TRIES * (POLL_NS / 1000000));
}

int cgroup_freeze(const struct cgroup *cgroup, struct error *err)
{
    struct freezer freezer;
    struct error ignored;
    if (find_freezer(cgroup, &freezer, err) < 0)
        return -1;
    if (set_frozen(&freezer, true, err) < 0) {
        set_frozen(&freezer, false, &ignored);
        return -1;
    }
    return 0;
}

int cgroup_thaw(const struct cgroup *cgroup, struct error *err)
{
    struct freezer freezer;
    if (find_freezer(cgroup, &freezer, err) < 0)
        return -1;
    return set_frozen(&freezer, false, err);
}

int cgroup_is_frozen(const struct cgroup *cgroup, bool *out_is_frozen, struct error *err)
{
    struct freezer freezer;
    _cleanup_free_ char *text = NULL;
    if (find_freezer(cgroup, &freezer, err) < 0 ||
        cgroup_file_read(freezer.dir, freezer.status, &text, err) < 0)
        return -1;
    *out_is_frozen = strstr(text, freezer.is_frozen) != NULL;
    return 0;
}

static int send_to_all(const struct cgroup *cgroup, int signal, size_t *out_n, struct error *err)
{
    _cleanup_free_ pid_t *pids = NULL;
    size_t n;
    if (cgroup_pids(cgroup, &pids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (kill(pids[i], signal) < 0 && errno != ESRCH)
            return error_errno(err, "send signal %d to process %d", signal, pids[i]);
    }
    *out_n = n;
    return 0;
}

int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *err)
{
    const struct timespec pause = {.tv_nsec = POLL_NS};
    const struct cgroup_dir *v2 = cgroup_find_v2(cgroup);
    struct error ignored;
    size_t n;

    if (signal != SIGKILL)
        return send_to_all(cgroup, signal, &n, err);
    if (v2 != NULL && cgroup_find(cgroup, CGROUP_FREEZER) == NULL &&
        cgroup_file_write(v2->path, "cgroup.kill", "1", &ignored) == 0)
        return 0;
    for (int i = 0; i < KILL_ROUNDS; i++) {
        if (send_to_all(cgroup, SIGKILL, &n, err) < 0)
            return -1;
        if (n == 0)
            return 0;
        /* v1's frozen processes die only when thawed. */
        const struct cgroup_dir *freezer = cgroup_find(cgroup, CGROUP_FREEZER);
        if (freezer != NULL)
            cgroup_file_write(freezer->path, "freezer.state", "THAWED", &ignored);
        nanosleep(&pause, NULL);
    }
    return 0;
}
