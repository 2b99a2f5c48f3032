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
#include <stdio.h>
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

int cgroup_make_unit(struct cgroup *cgroup, struct error *err)
{
    _cleanup_(cgroup_layout_release) struct cgroup_layout layout = {.n = 0};
    struct cgroup_unit unit;
    snprintf(unit.name, sizeof(unit.name), "%s", cgroup->unit);
    snprintf(unit.slice, sizeof(unit.slice), "%s", cgroup->slice);

    if (start_placeholder(&cgroup->placeholder, err) < 0)
        return -1;
    if (cgroup_unit_start(&unit, cgroup->placeholder, err) < 0) {
        free(take_ptr(cgroup->unit)); /* a unit of this name may be somebody else's: not for us to stop */
        return -1;
    }
    if (cgroup_layout_read(cgroup->placeholder, &layout, err) < 0)
        return -1;
    const char *path = find_unit_path(&layout);
    if (path == NULL || strcmp(path, "/") == 0)
        return error_set(err, ERROR_SYSTEM, "the cgroup of unit '%s' cannot be seen", unit.name);
    if (cgroup_plan_dirs(cgroup, &layout, path, err) < 0)
        return -1;
    return cgroup_make_dirs(cgroup, true, err);
}

int cgroup_plan_systemd(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err)
{
    struct cgroup_unit unit;
    if (cgroup_unit_parse(path, id, &unit, err) < 0)
        return -1;
    struct cgroup *cgroup = calloc(1, sizeof(*cgroup));
    if (cgroup != NULL) {
        cgroup->unit = strdup(unit.name);
        cgroup->slice = strdup(unit.slice);
    }
    if (cgroup == NULL || cgroup->unit == NULL || cgroup->slice == NULL) {
        error_errno(err, "plan unit '%s'", unit.name);
        cgroup_free(cgroup);
        return -1;
    }
    *out_cgroup = cgroup;
    return 0;
}
