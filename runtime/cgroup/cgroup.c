/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup is its directories (cgroup_dirs.h) and, where systemd makes it, the unit that owns them
 * (cgroup_systemd.c). Between two commands it is text in the container's record.
 */
#include "cgroup.h"

#include "base/cleanup.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"
#include "cgroup_unit.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STANDARD_PARENT "/wherry"

static int check_path(const char *path, struct error *err)
{
    size_t depth = 0;
    for (const char *at = path; *at != '\0';) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            return error_set(err, ERROR_INPUT, "cgroup path '%s' has a \"..\"", path);
        depth += length > 0;
        at += length + (at[length] == '/');
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return error_set(err, ERROR_INPUT, "cgroup path '%s' has a control character", path);
    }
    if (depth == 0 || depth > CGROUP_DEPTH_MAX)
        return error_set(err, ERROR_INPUT, "cgroup path '%s' has %zu components instead of 1 to %d", path,
                         depth, CGROUP_DEPTH_MAX);
    return 0;
}

int cgroup_plan(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err)
{
    _cleanup_(cgroup_layout_release) struct cgroup_layout layout = {.n = 0};
    char standard[PATH_MAX];
    snprintf(standard, sizeof(standard), STANDARD_PARENT "/%s", id);
    const char *wanted = path != NULL ? path : standard;
    if (check_path(wanted, err) < 0 || cgroup_layout_read(0, &layout, err) < 0)
        return -1;

    struct cgroup *cgroup = calloc(1, sizeof(*cgroup));
    if (cgroup == NULL)
        return error_errno(err, "plan cgroup '%s'", wanted);
    cgroup->is_standard = path == NULL;
    if (cgroup_plan_dirs(cgroup, &layout, wanted, err) < 0) {
        cgroup_free(cgroup);
        return -1;
    }
    *out_cgroup = cgroup;
    return 0;
}

/* A process that entered a frozen cgroup would stand still, beyond the reach of any signal on v1, and its
 * parent would wait for it. */
static int check_not_frozen(const struct cgroup *cgroup, struct error *err)
{
    const struct cgroup_dir *dir = cgroup_find(cgroup, CGROUP_FREEZER);
    struct error no_freezer;
    bool is_frozen;
    if (cgroup_is_frozen(cgroup, &is_frozen, &no_freezer) < 0 || !is_frozen)
        return 0;
    return error_set(err, ERROR_STATE,
                     "cgroup '%s' is frozen, or one above it is: no process could run in it",
                     dir != NULL ? dir->path : cgroup_find_v2(cgroup)->path);
}

int cgroup_make(struct cgroup *cgroup, struct error *err)
{
    int result = cgroup->unit != NULL ? cgroup_make_unit(cgroup, err) : cgroup_make_dirs(cgroup, false, err);
    return result < 0 ? -1 : check_not_frozen(cgroup, err);
}

/*
 * A line a directory: version, components to remove, controllers as a mask in hexadecimal, path. A systemd
 * unit has a line of its own in front.
 */
int cgroup_format(const struct cgroup *cgroup, char *text, size_t size, struct error *err)
{
    size_t used = 0;
    if (cgroup->unit != NULL) {
        int n = snprintf(text, size, "unit %s\n", cgroup->unit);
        if (n < 0 || (size_t)n >= size)
            return error_set(err, ERROR_INPUT, "describe the cgroup: longer than %zu bytes", size);
        used = (size_t)n;
    }
    for (size_t i = 0; i < cgroup->n; i++) {
        const struct cgroup_dir *dir = &cgroup->dirs[i];
        int n = snprintf(text + used, size - used, "v%d %zu %x %s\n", dir->is_v2 ? 2 : 1, dir->n_ours,
                         dir->controllers, dir->path);
        if (n < 0 || (size_t)n >= size - used)
            return error_set(err, ERROR_INPUT, "describe the cgroup: longer than %zu bytes", size);
        used += (size_t)n;
    }
    return 0;
}

static int parse_line(const char *line, struct cgroup *cgroup)
{
    static const char unit[] = "unit ";
    struct cgroup_dir *dir = &cgroup->dirs[cgroup->n];
    int version, at = 0;
    if (strncmp(line, unit, strlen(unit)) == 0 && cgroup->unit == NULL) {
        cgroup->unit = strdup(line + strlen(unit));
        return cgroup->unit != NULL ? 0 : -1;
    }
    if (cgroup->n == CGROUP_HIERARCHIES_MAX ||
        sscanf(line, "v%d %zu %x %n", &version, &dir->n_ours, &dir->controllers, &at) != 3 || at == 0 ||
        (version != 1 && version != 2) || line[at] != '/' || dir->n_ours > CGROUP_DEPTH_MAX)
        return -1;
    dir->is_v2 = version == 2;
    dir->path = strdup(line + at);
    if (dir->path == NULL)
        return -1;
    cgroup->n++;
    return 0;
}

int cgroup_parse(const char *text, struct cgroup **out_cgroup, struct error *err)
{
    _cleanup_free_ char *copy = strdup(text);
    struct cgroup *cgroup = calloc(1, sizeof(*cgroup));
    char *rest = copy;
    if (copy == NULL || cgroup == NULL) {
        free(cgroup);
        return error_errno(err, "read the description of the cgroup");
    }
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0')
            continue;
        if (parse_line(line, cgroup) < 0) {
            error_set(err, ERROR_INPUT, "read the description of the cgroup: line '%s'", line);
            cgroup_free(cgroup);
            return -1;
        }
    }
    *out_cgroup = cgroup;
    return 0;
}

/* cgroup_free of the process that made the placeholder waits for it. */
static void end_placeholder(const struct cgroup *cgroup)
{
    if (cgroup->placeholder > 0)
        kill(cgroup->placeholder, SIGKILL);
}

int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
    for (size_t i = 0; i < cgroup->n; i++) {
        if (cgroup_file_write_i64(cgroup->dirs[i].path, "cgroup.procs", pid, err) < 0)
            return error_wrap(err, "put process %d into its cgroup", pid);
    }
    end_placeholder(cgroup);
    return 0;
}

int cgroup_enter(const struct cgroup *cgroup, struct error *err)
{
    for (size_t i = 0; i < cgroup->n; i++) {
        const struct cgroup_dir *dir = &cgroup->dirs[i];
        /* A process by its number waits until no other forks or exits (an RCU grace period, 5 to 15 ms); a
         * thread that moves itself does not. v2 has no such way. */
        if (cgroup_file_write_i64(dir->path, dir->is_v2 ? "cgroup.procs" : "tasks", 0, err) < 0)
            return error_wrap(err, "enter the cgroup");
    }
    end_placeholder(cgroup);
    return 0;
}

int cgroup_remove(const struct cgroup *cgroup, struct error *err)
{
    int result = 0;
    if (cgroup->unit != NULL && cgroup_unit_stop(cgroup->unit, err) < 0)
        result = -1;
    return cgroup_remove_dirs(cgroup, err) < 0 ? -1 : result;
}
