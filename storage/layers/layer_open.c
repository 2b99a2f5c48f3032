/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A path can be longer than the kernel takes at once: it is opened in steps of as many components as
 * fit, each from the directory that the step before has opened.
 */
#include "layer_open.h"

#include "base/cleanup.h"
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* The entries on the way from the root to an entry, which is the last; the root is left out. The caller frees
 * it. */
static int list_way(const struct layer *layer, uint32_t entry, uint32_t **out, size_t *out_n,
                    struct error *err)
{
    size_t n = 0;
    for (uint32_t i = entry; i != 0; i = layer->entries[i].parent)
        n++;
    uint32_t *way = calloc(n + 1, sizeof(*way));
    if (way == NULL)
        return error_errno(err, "open a file");
    *out = way;
    *out_n = n;
    for (uint32_t i = entry; i != 0; i = layer->entries[i].parent)
        way[--n] = i;
    return 0;
}

/* Writes as many components as fit into path. Returns how many. */
static size_t join(const struct layer *layer, const uint32_t *way, size_t n, char path[PATH_MAX])
{
    size_t i = 0, at = 0;
    for (; i < n; i++) {
        const struct layer_entry *e = &layer->entries[way[i]];
        if (at + e->name_size + 2 > PATH_MAX)
            break;
        if (at > 0)
            path[at++] = '/';
        memcpy(path + at, layer->strings + e->name, e->name_size);
        at += e->name_size;
    }
    path[at] = '\0';
    return i;
}

int layer_open(int root_fd, const struct layer *layer, uint32_t entry, int flags, int *out_fd,
               struct error *err)
{
    char path[PATH_MAX] = ".";
    _cleanup_free_ uint32_t *way = NULL;
    _cleanup_close_ int fd = -1;
    size_t n = 0;

    if (list_way(layer, entry, &way, &n, err) != 0)
        return -1;
    for (size_t done = 0;;) {
        size_t step = n > 0 ? join(layer, way + done, n - done, path) : 0;
        bool is_last = done + step == n;
        int next;
        if (path_open_beneath(fd >= 0 ? fd : root_fd, path, is_last ? flags : O_PATH | O_DIRECTORY, &next,
                              err) != 0)
            return -1;
        if (is_last) {
            *out_fd = next;
            return 0;
        }
        cleanup_close(&fd);
        fd = next;
        done += step;
    }
}

int layer_open_file(int root_fd, const struct layer *layer, uint32_t entry, int *out_fd, struct error *err)
{
    const struct layer_entry *e = &layer->entries[entry];
    struct stat st;
    _cleanup_close_ int fd = -1;

    if (layer_open(root_fd, layer, entry, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, err) != 0)
        return -1;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "examine '%.*s'", (int)e->name_size, layer->strings + e->name);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->size)
        return error_set(err, ERROR_STATE, "'%.*s' was changed while it was read", (int)e->name_size,
                         layer->strings + e->name);
    *out_fd = take_fd(&fd);
    return 0;
}
