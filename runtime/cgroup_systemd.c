/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scope is started around a process that exists, and ends with its last one; the container's process is
 * made only later, inside its limits. So a placeholder goes first. Where the scope's cgroup is, is read from
 * the placeholder. systemd does not manage every v1 hierarchy: in the others the same path is made by hand.
 */
#include "base/cleanup.h"
#include "cgroup.h"
#include "cgroup_dirs.h"
#include "cgroup_unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int start_placeholder(pid_t *out_pid, struct error *err)
{
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "fork");
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGTERM, SIG_DFL); /* by which systemd stops a unit */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_range(0, ~0u, 0);
        for (;;)
            pause();
    }
    *out_pid = pid;
    return 0;
}

/* systemd's own hierarchy says where the unit is: the named one, or v2 where that is all there is. */
static const char *find_unit_path(const struct cgroup_layout *layout)
{
    const char *path = NULL;
    for (size_t i = 0; i < layout->n; i++) {
        if (layout->hierarchies[i].is_systemd)
            return layout->hierarchies[i].own;
        if (layout->hierarchies[i].is_v2)
            path = layout->hierarchies[i].own;
    }
    return path;
}

static int create_unit(struct cgroup *cgroup, const struct cgroup_unit *unit, struct error *err)
{
    _cleanup_(cgroup_layout_release) struct cgroup_layout layout = {.n = 0};
    if (start_placeholder(&cgroup->placeholder, err) < 0 ||
        cgroup_unit_start(unit, cgroup->placeholder, err) < 0)
        return -1;
    cgroup->unit = strdup(unit->name);
    if (cgroup->unit == NULL)
        return error_errno(err, "start unit '%s'", unit->name);
    if (cgroup_layout_read(cgroup->placeholder, &layout, err) < 0)
        return -1;
    const char *path = find_unit_path(&layout);
    if (path == NULL || strcmp(path, "/") == 0)
        return error_set(err, ERROR_SYSTEM, "the cgroup of unit '%s' cannot be seen", unit->name);
    return cgroup_create_dirs(cgroup, &layout, path, true, err);
}

int cgroup_create_systemd(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err)
{
    struct cgroup_unit unit;
    if (cgroup_unit_parse(path, id, &unit, err) < 0)
        return -1;
    struct cgroup *cgroup = calloc(1, sizeof(*cgroup));
    if (cgroup == NULL)
        return error_errno(err, "start unit '%s'", unit.name);
    if (create_unit(cgroup, &unit, err) < 0) {
        struct error ignored;
        cgroup_remove(cgroup, &ignored);
        cgroup_free(cgroup);
        return -1;
    }
    *out_cgroup = cgroup;
    return 0;
}
