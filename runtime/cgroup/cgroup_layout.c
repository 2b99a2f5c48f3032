/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of mountinfo:
 *
 *     36 31 0:33 / /sys/fs/cgroup/devices rw,relatime shared:9 - cgroup cgroup rw,devices
 *                ^ root ^ mount                                  ^ type ^ source ^ options: the controllers
 *
 * and one of /proc/self/cgroup, whose list is empty for v2:
 *
 *     5:devices:/some/group
 *
 * root is the cgroup that is visible at the mount point. A process inside a container may see only a part of
 * the hierarchy, and then its own path, which is counted from the hierarchy's root, loses that prefix.
 */
#include "cgroup_layout.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroup_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#define MOUNTINFO_MAX (16u << 20)

static const struct {
    const char *v1, *v2;
} names[CGROUP_CONTROLLER_COUNT] = {
    [CGROUP_CPU] = {"cpu", "cpu"},
    [CGROUP_CPUACCT] = {"cpuacct", NULL},
    [CGROUP_CPUSET] = {"cpuset", "cpuset"},
    [CGROUP_MEMORY] = {"memory", "memory"},
    [CGROUP_DEVICES] = {"devices", NULL},
    [CGROUP_FREEZER] = {"freezer", NULL},
    [CGROUP_BLKIO] = {"blkio", "io"},
    [CGROUP_PIDS] = {"pids", "pids"},
    [CGROUP_HUGETLB] = {"hugetlb", "hugetlb"},
    [CGROUP_RDMA] = {"rdma", "rdma"},
    [CGROUP_NET_CLS] = {"net_cls", NULL},
    [CGROUP_NET_PRIO] = {"net_prio", NULL},
    [CGROUP_PERF_EVENT] = {"perf_event", NULL},
    [CGROUP_MISC] = {"misc", "misc"},
};

const char *cgroup_controller_name(enum cgroup_controller controller, bool is_v2)
{
    return is_v2 ? names[controller].v2 : names[controller].v1;
}

unsigned int cgroup_controllers_parse(const char *list, bool is_v2)
{
    static const char separators[] = ", \n";
    unsigned int found = 0;
    for (size_t length; *list != '\0'; list += length) {
        list += strspn(list, separators);
        length = strcspn(list, separators);
        for (unsigned int i = 0; i < CGROUP_CONTROLLER_COUNT; i++) {
            const char *name = cgroup_controller_name(i, is_v2);
            if (name != NULL && strlen(name) == length && memcmp(name, list, length) == 0)
                found |= 1u << i;
        }
    }
    return found;
}

/* Undoes mountinfo's \ooo in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
            from[3] >= '0' && from[3] <= '7') {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Whether lists name the same hierarchy: named ones by their name, others by their controllers. */
static bool is_same_list(const char *a, const char *b)
{
    const char *name_a = strstr(a, "name="), *name_b = strstr(b, "name=");
    if (name_a == NULL || name_b == NULL)
        return name_a == name_b && cgroup_controllers_parse(a, false) == cgroup_controllers_parse(b, false);
    size_t length = strcspn(name_a, ",\n");
    return length == strcspn(name_b, ",\n") && memcmp(name_a, name_b, length) == 0;
}

/* The path behind the second colon of own_cgroup's line for this hierarchy, without the part that root hides.
 */
static char *find_own(const char *own_cgroup, bool is_v2, const char *options, const char *root)
{
    _cleanup_free_ char *text = strdup(own_cgroup);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *list = strchr(line, ':');
        char *path = list != NULL ? strchr(list + 1, ':') : NULL;
        if (path == NULL)
            continue;
        list++;
        *path++ = '\0';
        if (is_v2 ? list[0] != '\0' : list[0] == '\0' || !is_same_list(list, options))
            continue;

        size_t hidden = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (strncmp(path, root, hidden) == 0 && path[hidden] == '/')
            return strdup(path + hidden);
        break;
    }
    return strdup("/");
}

struct mount_line {
    char *root, *mount, *type, *options;
};

/* Cuts a line of mountinfo in place. False: not of that form. */
static bool cut_line(char *line, struct mount_line *out)
{
    char *fields[5], *rest = line;
    for (size_t i = 0; i < 5; i++) {
        fields[i] = strsep(&rest, " ");
        if (rest == NULL)
            return false;
    }
    char *dash = strncmp(rest, "- ", 2) == 0 ? rest : strstr(rest, " - ");
    if (dash == NULL)
        return false;
    dash += dash == rest ? 2 : 3;
    out->root = fields[3];
    out->mount = fields[4];
    out->type = strsep(&dash, " ");
    strsep(&dash, " ");
    out->options = dash;
    return dash != NULL;
}

static struct cgroup_hierarchy *find_same(struct cgroup_layout *layout, bool is_v2, const char *options,
                                          char *const *lists)
{
    for (size_t i = 0; i < layout->n; i++) {
        struct cgroup_hierarchy *h = &layout->hierarchies[i];
        if (h->is_v2 == is_v2 && (is_v2 || is_same_list(lists[i], options)))
            return h;
    }
    return NULL;
}

static int compare_version(const void *a, const void *b)
{
    const struct cgroup_hierarchy *left = a, *right = b;
    return left->is_v2 - right->is_v2;
}

int cgroup_layout_parse(const char *mountinfo, const char *own_cgroup, struct cgroup_layout *out_layout,
                        struct error *err)
{
    _cleanup_free_ char *text = strdup(mountinfo);
    char *lists[CGROUP_HIERARCHIES_MAX];
    char *rest = text;

    memset(out_layout, 0, sizeof(*out_layout));
    if (text == NULL)
        return error_errno(err, "read the cgroup mounts");
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        struct mount_line m;
        if (!cut_line(line, &m) || (strcmp(m.type, "cgroup") != 0 && strcmp(m.type, "cgroup2") != 0))
            continue;
        bool is_v2 = strcmp(m.type, "cgroup2") == 0;
        unescape(m.root);
        unescape(m.mount);
        if (find_same(out_layout, is_v2, m.options, lists) != NULL)
            continue;
        if (out_layout->n == CGROUP_HIERARCHIES_MAX)
            return error_set(err, ERROR_REFUSED, "more than %d cgroup hierarchies", CGROUP_HIERARCHIES_MAX);

        lists[out_layout->n] = m.options;
        struct cgroup_hierarchy *h = &out_layout->hierarchies[out_layout->n++];
        h->is_v2 = is_v2;
        h->is_systemd = !is_v2 && is_same_list(m.options, "name=systemd");
        h->controllers = is_v2 ? 0 : cgroup_controllers_parse(m.options, false);
        h->mount = strdup(m.mount);
        h->own = find_own(own_cgroup, is_v2, m.options, m.root);
        if (h->mount == NULL || h->own == NULL)
            return error_errno(err, "read the cgroup mounts");
    }
    qsort(out_layout->hierarchies, out_layout->n, sizeof(out_layout->hierarchies[0]), compare_version);
    return 0;
}

static int read_proc(const char *path, char **out_text, struct error *err)
{
    _cleanup_close_ int fd = -1;
    size_t size;
    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    return fd_read_all(fd, MOUNTINFO_MAX, out_text, &size, path, err);
}

static void release_hierarchy(struct cgroup_hierarchy *hierarchy)
{
    free(hierarchy->mount);
    free(hierarchy->own);
}

/* Something else may have been mounted over a hierarchy, to hide it. */
static bool is_visible(const struct cgroup_hierarchy *hierarchy)
{
    struct statfs fs;
    return statfs(hierarchy->mount, &fs) == 0 &&
           (unsigned long)fs.f_type == (hierarchy->is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static void drop_hidden(struct cgroup_layout *layout)
{
    size_t n = 0;
    for (size_t i = 0; i < layout->n; i++) {
        if (is_visible(&layout->hierarchies[i]))
            layout->hierarchies[n++] = layout->hierarchies[i];
        else
            release_hierarchy(&layout->hierarchies[i]);
    }
    layout->n = n;
}

int cgroup_layout_read(pid_t pid, struct cgroup_layout *out_layout, struct error *err)
{
    _cleanup_free_ char *mountinfo = NULL, *own = NULL;
    char own_path[32] = "/proc/self/cgroup";
    if (pid != 0)
        snprintf(own_path, sizeof(own_path), "/proc/%d/cgroup", pid);
    if (read_proc("/proc/self/mountinfo", &mountinfo, err) < 0 || read_proc(own_path, &own, err) < 0)
        return -1;
    if (cgroup_layout_parse(mountinfo, own, out_layout, err) < 0)
        return -1;
    drop_hidden(out_layout);
    if (out_layout->n == 0)
        return error_set(err, ERROR_SYSTEM, "no cgroup hierarchy is mounted");

    for (size_t i = 0; i < out_layout->n; i++) {
        struct cgroup_hierarchy *h = &out_layout->hierarchies[i];
        _cleanup_free_ char *list = NULL;
        if (!h->is_v2)
            continue;
        if (cgroup_file_read(h->mount, "cgroup.controllers", &list, err) < 0)
            return -1;
        h->controllers = cgroup_controllers_parse(list, true);
    }
    return 0;
}

void cgroup_layout_release(struct cgroup_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++)
        release_hierarchy(&layout->hierarchies[i]);
    layout->n = 0;
}
