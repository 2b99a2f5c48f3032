/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_tree.h"

#include "base/cleanup.h"
#include "cgroup_dirs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct walk {
    int (*visit)(const char *path, void *context, struct error *err);
    void *context;
};

static int walk_below(const struct walk *walk, const char *path, int depth, struct error *err)
{
    _cleanup_closedir_ DIR *dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? 0 : error_errno(err, "open cgroup '%s'", path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        _cleanup_free_ char *child = NULL;
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&child, "%s/%s", path, entry->d_name) < 0)
            return error_errno(err, "look below cgroup '%s'", path);
        if (depth == CGROUP_DEPTH_MAX)
            return error_set(err, ERROR_REFUSED, "cgroup '%s' has more than %d levels below", path,
                             CGROUP_DEPTH_MAX);
        if (walk_below(walk, child, depth + 1, err) < 0)
            return -1;
    }
    return walk->visit(path, walk->context, err);
}

int cgroup_tree_visit(const char *path, int (*visit)(const char *path, void *context, struct error *err),
                      void *context, struct error *err)
{
    const struct walk walk = {visit, context};
    return walk_below(&walk, path, 0, err);
}
