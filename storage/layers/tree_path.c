/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_path.h"

#include <string.h>
#include <sys/stat.h>

/* On the whole way, as for the kernel: a limit on depth alone would let a few symlinks take for ever. */
#define SYMLINKS_MAX 40

int tree_path_of(const struct tree *tree, uint32_t node, char path[PATH_MAX], struct error *err)
{
    size_t at = PATH_MAX - 1;
    path[at] = '\0';
    for (uint32_t i = node; i != 0; i = tree->nodes[i].parent) {
        const struct tree_node *n = &tree->nodes[i];
        size_t size = n->entry->name_size;
        if (at < size + 1)
            return error_set(err, ERROR_REFUSED, "the path of '%.*s' is too long", (int)size, n->name);
        if (i != node)
            path[--at] = '/';
        at -= size;
        memcpy(path + at, n->name, size);
    }
    memmove(path, path + at, PATH_MAX - at);
    return 0;
}

uint32_t tree_path_child(const struct tree *tree, uint32_t dir, const char *name, size_t size)
{
    uint32_t low = tree->nodes[dir].first, end = low + tree->nodes[dir].n, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        size_t other = tree->nodes[middle].entry->name_size;
        int order = memcmp(tree->nodes[middle].name, name, other < size ? other : size);
        if (order < 0 || (order == 0 && other < size))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < end && tree->nodes[low].entry->name_size == size &&
        memcmp(tree->nodes[low].name, name, size) == 0)
        return low;
    return TREE_NOWHERE;
}

static uint32_t resolve(const struct tree *tree, uint32_t dir, const char *path, size_t size, int *left);

static uint32_t follow(const struct tree *tree, uint32_t node, int *left)
{
    const struct tree_node *n = &tree->nodes[node];
    if (!S_ISLNK(n->entry->mode))
        return node;
    if (--*left < 0)
        return TREE_NOWHERE;
    return resolve(tree, n->parent, tree->layers[n->layer].strings + n->entry->target, n->entry->target_size,
                   left);
}

static uint32_t resolve(const struct tree *tree, uint32_t dir, const char *path, size_t size, int *left)
{
    uint32_t at = size > 0 && path[0] == '/' ? 0 : dir;
    const char *end = path + size;
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t part = (size_t)((slash != NULL ? slash : end) - path);
        if (!S_ISDIR(tree->nodes[at].entry->mode))
            return TREE_NOWHERE;
        if (part == 2 && memcmp(path, "..", 2) == 0) {
            at = tree->nodes[at].parent;
        } else if (part > 0 && !(part == 1 && path[0] == '.')) {
            at = tree_path_child(tree, at, path, part);
            if (at != TREE_NOWHERE)
                at = follow(tree, at, left);
            if (at == TREE_NOWHERE)
                return TREE_NOWHERE;
        }
        path += part + (slash != NULL);
    }
    return at;
}

uint32_t tree_path_resolve(const struct tree *tree, uint32_t dir, const char *path, size_t size)
{
    int left = SYMLINKS_MAX;
    return resolve(tree, dir, path, size, &left);
}

uint32_t tree_path_follow(const struct tree *tree, uint32_t node)
{
    int left = SYMLINKS_MAX;
    return follow(tree, node, &left);
}
