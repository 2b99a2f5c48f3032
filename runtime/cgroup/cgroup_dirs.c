/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and removing. A path's components are made one by one, because each level has something to be done
 * before the next: in a v1 cpuset hierarchy a new directory has no processor and no memory node, and takes no
 * process, until both are copied from its parent; in v2 a controller works in a directory only if each
 * directory above passes it on. Passing on can fail (a directory with processes passes nothing on); that is
 * no error here, because nobody may want that controller: cgroup_apply says so if somebody does.
 *
 * Two containers may share parents, and one may be removed while the other is being made. Hence a directory
 * that vanishes under way is made again, and a parent is removed only as long as the kernel finds it empty.
 */
#include "cgroup_dirs.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup.h"
#include "cgroup_file.h"
#include "cgroup_tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAKE_TRIES      8
#define REMOVE_LIMIT_MS 2000

const struct cgroup_dir *cgroup_find(const struct cgroup *cgroup, enum cgroup_controller controller)
{
    for (size_t i = 0; i < cgroup->n; i++) {
        if ((cgroup->dirs[i].controllers & 1u << controller) != 0)
            return &cgroup->dirs[i];
    }
    return NULL;
}

const struct cgroup_dir *cgroup_find_v2(const struct cgroup *cgroup)
{
    for (size_t i = 0; i < cgroup->n; i++) {
        if (cgroup->dirs[i].is_v2)
            return &cgroup->dirs[i];
    }
    return NULL;
}

void cgroup_free(struct cgroup *cgroup)
{
    if (cgroup == NULL)
        return;
    for (size_t i = 0; i < cgroup->n; i++)
        free(cgroup->dirs[i].path);
    if (cgroup->placeholder > 0) {
        kill(cgroup->placeholder, SIGKILL);
        while (waitpid(cgroup->placeholder, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    free(cgroup->unit);
    free(cgroup->slice);
    free(cgroup);
}

/* A new v1 cpuset directory is unusable until it has what its parent has. */
static int inherit_cpuset(const char *parent, const char *dir, struct error *err)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        _cleanup_free_ char *value = NULL, *present = NULL;
        if (cgroup_file_read(dir, files[i], &present, err) < 0)
            return -1;
        if (present[strspn(present, "\n")] != '\0')
            continue;
        if (cgroup_file_read(parent, files[i], &value, err) < 0 ||
            cgroup_file_write(dir, files[i], value, err) < 0)
            return -1;
    }
    return 0;
}

/* Lets parent's children have all controllers that parent itself has, or as many of them as the kernel
 * allows. */
static void pass_on_controllers(const char *parent)
{
    _cleanup_free_ char *offered = NULL, *passed = NULL;
    struct error ignored;
    if (cgroup_file_read(parent, "cgroup.controllers", &offered, &ignored) < 0 ||
        cgroup_file_read(parent, "cgroup.subtree_control", &passed, &ignored) < 0)
        return;
    unsigned int missing = cgroup_controllers_parse(offered, true) & ~cgroup_controllers_parse(passed, true);
    for (unsigned int i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
        char word[32];
        if ((missing & 1u << i) == 0)
            continue;
        snprintf(word, sizeof(word), "+%s", cgroup_controller_name(i, true));
        cgroup_file_write(parent, "cgroup.subtree_control", word, &ignored);
    }
}

/* One level: parent is there. *out_made: whether this call made the directory, also when it then fails. */
static int make_level(const struct cgroup_dir *dir, const char *parent, const char *path, bool *out_made,
                      struct error *err)
{
    if (dir->is_v2)
        pass_on_controllers(parent);
    *out_made = mkdir(path, 0755) == 0;
    if (!*out_made && errno != EEXIST)
        return error_errno(err, "make cgroup '%s'", path);
    if ((dir->controllers & 1u << CGROUP_CPUSET) != 0 && !dir->is_v2)
        return inherit_cpuset(parent, path, err);
    return 0;
}

/* The length of path with one more component than the first length bytes of it have. */
static size_t next_level(const char *path, size_t length)
{
    length += strspn(path + length, "/");
    return length + strcspn(path + length, "/");
}

/*
 * Makes dir->path below its mount. n_ours counts the directories at the path's end that were made; on failure
 * also those that are missing, so that removing skips them and reaches what was made above.
 */
static int make_levels(struct cgroup_dir *dir, struct error *err)
{
    char parent[PATH_MAX], path[PATH_MAX];
    size_t length = dir->mount_length;
    dir->n_ours = 0;
    snprintf(parent, sizeof(parent), "%.*s", (int)length, dir->path);

    while (dir->path[length] != '\0') {
        bool is_made;
        length = next_level(dir->path, length);
        snprintf(path, sizeof(path), "%.*s", (int)length, dir->path);
        int result = make_level(dir, parent, path, &is_made, err);
        dir->n_ours = is_made || result < 0 ? dir->n_ours + 1 : 0;
        if (result < 0) {
            for (; dir->path[length] != '\0'; length = next_level(dir->path, length))
                dir->n_ours++;
            return -1;
        }
        snprintf(parent, sizeof(parent), "%s", path);
    }
    return 0;
}

/* The leaf's parents may be removed by another container's end while we are on the way down: again, then. */
static int make_path(struct cgroup_dir *dir, struct error *err)
{
    size_t n_ours = 0;
    for (int i = 0; i < MAKE_TRIES; i++) {
        int result = make_levels(dir, err);
        n_ours = dir->n_ours > n_ours ? dir->n_ours : n_ours;
        dir->n_ours = n_ours;
        if (result == 0)
            return 0;
        if (err->errnum != ENOENT)
            return -1;
    }
    return -1;
}

static int check_leaf(struct cgroup_dir *dir, bool is_shared, struct error *err)
{
    _cleanup_free_ char *procs = NULL, *controllers = NULL;
    if (cgroup_file_read(dir->path, "cgroup.procs", &procs, err) < 0)
        return -1;
    if (procs[0] != '\0' && !is_shared)
        return error_set(err, ERROR_STATE, "cgroup '%s' has processes in it already", dir->path);
    if (!dir->is_v2)
        return 0;
    if (cgroup_file_read(dir->path, "cgroup.controllers", &controllers, err) < 0)
        return -1;
    dir->controllers = cgroup_controllers_parse(controllers, true);
    return 0;
}

/* No "//", no trailing "/": the text form counts components. */
static char *join(const char *mount, const char *own, const char *path)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s/%s/%s", mount, path[0] == '/' ? "" : own, path) < 0)
        return NULL;
    char *to = joined;
    for (const char *from = joined; *from != '\0'; from++) {
        if (from[0] != '/' || (from[1] != '/' && from[1] != '\0'))
            *to++ = *from;
    }
    *to = '\0';
    return joined;
}

static size_t count_missing(const struct cgroup_dir *dir)
{
    char path[PATH_MAX];
    size_t n = 0;
    for (size_t length = dir->mount_length; dir->path[length] != '\0';) {
        length = next_level(dir->path, length);
        snprintf(path, sizeof(path), "%.*s", (int)length, dir->path);
        n += access(path, F_OK) < 0;
    }
    return n;
}

/* The standard parent is shared by all containers, and whoever is last removes it, whoever made it. */
static void share_standard_parent(struct cgroup *cgroup)
{
    for (size_t i = 0; i < cgroup->n && cgroup->is_standard; i++)
        cgroup->dirs[i].n_ours = cgroup->dirs[i].n_ours > 0 ? 2 : 0;
}

int cgroup_plan_dirs(struct cgroup *cgroup, const struct cgroup_layout *layout, const char *path,
                     struct error *err)
{
    for (size_t i = 0; i < layout->n; i++) {
        const struct cgroup_hierarchy *hierarchy = &layout->hierarchies[i];
        struct cgroup_dir *dir = &cgroup->dirs[cgroup->n];
        *dir = (struct cgroup_dir){.is_v2 = hierarchy->is_v2,
                                   .controllers = hierarchy->controllers,
                                   .mount_length = strlen(hierarchy->mount)};
        dir->path = join(hierarchy->mount, hierarchy->own, path);
        if (dir->path == NULL)
            return error_errno(err, "plan cgroup '%s'", path);
        cgroup->n++;
        if (strlen(dir->path) >= PATH_MAX)
            return error_number(err, ENAMETOOLONG, "plan cgroup '%s'", path);
        dir->n_ours = count_missing(dir);
    }
    share_standard_parent(cgroup);
    return 0;
}

int cgroup_make_dirs(struct cgroup *cgroup, bool is_shared, struct error *err)
{
    for (size_t i = 0; i < cgroup->n; i++) {
        if (make_path(&cgroup->dirs[i], err) < 0 || check_leaf(&cgroup->dirs[i], is_shared, err) < 0)
            return -1;
    }
    share_standard_parent(cgroup);
    return 0;
}

/* A dying process leaves its cgroup a little after its parent can see it dead: EBUSY until then. */
static int remove_dir(const char *path, void *context, struct error *err)
{
    const uint64_t *deadline_ns = context;
    struct timespec pause = {.tv_nsec = 500000};
    while (rmdir(path) < 0) {
        if (errno == ENOENT)
            return 0;
        if (errno != EBUSY || clock_monotonic_ns() >= *deadline_ns)
            return error_errno(err, "remove cgroup '%s'", path);
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 20000000)
            pause.tv_nsec *= 2;
    }
    return 0;
}

int cgroup_remove_dirs(const struct cgroup *cgroup, struct error *err)
{
    uint64_t deadline_ns = clock_monotonic_ns() + REMOVE_LIMIT_MS * 1000000ull;
    int result = 0;
    for (size_t i = 0; i < cgroup->n; i++) {
        const struct cgroup_dir *dir = &cgroup->dirs[i];
        if (dir->n_ours == 0)
            continue;
        if (cgroup_tree_visit(dir->path, remove_dir, &deadline_ns, err) < 0) {
            result = -1;
            continue;
        }
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s", dir->path);
        for (size_t level = 1; level < dir->n_ours; level++) {
            *strrchr(path, '/') = '\0';
            if (rmdir(path) < 0 && errno != ENOENT)
                break;
        }
    }
    return result;
}
