/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Most files have none, and to learn that costs a system call for each: about what stat(2) costs, a
 * microsecond. So it is one call, listxattrat(2), on the directory that is open anyway; kernels before 6.13,
 * which do not have it, go through /proc/self/fd.
 */
#include "layer_xattr.h"

#include "base/array.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#ifndef SYS_listxattrat
#define SYS_listxattrat 465
#endif

static bool starts_with(const char *name, size_t size, const char *prefix)
{
    return size > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_called(const char *name, size_t size, const char *text)
{
    return size == strlen(text) && memcmp(name, text, size) == 0;
}

bool layer_xattr_is_carried(const char *name, size_t size)
{
    if (size > XATTR_NAME_MAX || memchr(name, '\0', size) != NULL ||
        starts_with(name, size, "user.overlay.") || starts_with(name, size, "trusted.overlay."))
        return false;
    return starts_with(name, size, "user.") || starts_with(name, size, "trusted.") ||
           is_called(name, size, "security.capability") || is_called(name, size, "system.posix_acl_access") ||
           is_called(name, size, "system.posix_acl_default");
}

void xattr_set_release(struct xattr_set *set)
{
    free(set->items);
    free(set->bytes);
    *set = XATTR_SET_NONE;
}

void xattr_set_clear(struct xattr_set *set)
{
    set->n = set->bytes_size = set->names_size = 0;
}

/* Adds bytes; their offset is where the bytes ended before. */
static int add_bytes(struct xattr_set *set, const void *data, size_t size, struct error *err)
{
    if (array_grow(&set->bytes, &set->bytes_room, set->bytes_size + size + 1, 1, "attributes", err) != 0)
        return -1;
    if (size > 0)
        memcpy(set->bytes + set->bytes_size, data, size);
    set->bytes_size += size;
    return 0;
}

/* Where an attribute stands in the set, or would. */
static size_t find(const struct xattr_set *set, const char *name, size_t name_size, bool *out_is_there)
{
    size_t low = 0, high = set->n;
    *out_is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct xattr *item = &set->items[middle];
        int order = layer_compare_names(set->bytes + item->name, item->name_size, name, name_size);
        *out_is_there |= order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int xattr_set_add(struct xattr_set *set, const char *name, size_t name_size, const void *value,
                  size_t value_size, struct error *err)
{
    if (!layer_xattr_is_carried(name, name_size))
        return 0;
    if (value_size > LAYER_XATTR_VALUE_MAX ||
        set->bytes_size + name_size + value_size > 16 * LAYER_XATTR_VALUE_MAX)
        return error_set(err, ERROR_REFUSED, "the attribute '%.*s' has %zu bytes", (int)name_size, name,
                         value_size);
    bool is_there;
    size_t i = find(set, name, name_size, &is_there);
    if (!is_there && set->names_size + name_size + 1 > XATTR_LIST_MAX)
        return error_set(err, ERROR_REFUSED, "the names of its attributes have more than %u bytes",
                         XATTR_LIST_MAX);
    struct xattr item = {.name = (uint32_t)set->bytes_size,
                         .value = (uint32_t)(set->bytes_size + name_size),
                         .name_size = (uint16_t)name_size,
                         .value_size = (uint32_t)value_size};
    if (add_bytes(set, name, name_size, err) != 0 || add_bytes(set, value, value_size, err) != 0 ||
        array_grow(&set->items, &set->room, set->n + 1, sizeof(*set->items), "attributes", err) != 0)
        return -1;
    if (!is_there) {
        memmove(&set->items[i + 1], &set->items[i], (set->n - i) * sizeof(*set->items));
        set->n++;
        set->names_size += name_size + 1;
    }
    set->items[i] = item;
    return 0;
}

/* A path of a file in an open directory, for calls that take nothing else. */
static void name_path(int dirfd, const char *name, char path[NAME_MAX + 40])
{
    snprintf(path, NAME_MAX + 40, "/proc/self/fd/%d/%s", dirfd, name);
}

static ssize_t list(int dirfd, const char *name, char *buf, size_t size)
{
    static _Atomic bool lacks_call;
    char path[NAME_MAX + 40];
    if (!lacks_call) {
        ssize_t n = syscall(SYS_listxattrat, dirfd, name,
                            AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0), buf, size);
        if (n >= 0 || errno != ENOSYS)
            return n;
        lacks_call = true;
    }
    if (name[0] == '\0')
        return flistxattr(dirfd, buf, size);
    name_path(dirfd, name, path);
    return llistxattr(path, buf, size);
}

int xattr_set_merge(struct xattr_set *set, const struct xattr_set *from, struct error *err)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct xattr *x = &from->items[i];
        if (xattr_set_add(set, from->bytes + x->name, x->name_size, from->bytes + x->value, x->value_size,
                          err) != 0)
            return -1;
    }
    return 0;
}

static int read_value(struct xattr_set *set, int dirfd, const char *name, const char *attribute,
                      struct error *err)
{
    _cleanup_free_ char *value = malloc(LAYER_XATTR_VALUE_MAX);
    char path[NAME_MAX + 40];
    if (value == NULL)
        return error_errno(err, "read attributes");
    name_path(dirfd, name, path);
    ssize_t n = name[0] == '\0' ? fgetxattr(dirfd, attribute, value, LAYER_XATTR_VALUE_MAX)
                                : lgetxattr(path, attribute, value, LAYER_XATTR_VALUE_MAX);
    if (n < 0)
        return errno == ENODATA ? 0 : error_errno(err, "read the attribute '%s' of '%s'", attribute, name);
    return xattr_set_add(set, attribute, strlen(attribute), value, (size_t)n, err);
}

int xattr_set_read(struct xattr_set *set, int dirfd, const char *name, bool *out_any, struct error *err)
{
    _cleanup_free_ char *longer = NULL;
    char buf[1024], *names = buf;
    ssize_t size = list(dirfd, name, buf, sizeof(buf));
    xattr_set_clear(set);
    *out_any = false;
    if (size < 0 && errno == ERANGE) {
        if ((names = longer = malloc(XATTR_LIST_MAX)) == NULL)
            return error_errno(err, "read attributes");
        size = list(dirfd, name, longer, XATTR_LIST_MAX);
    }
    if (size < 0)
        return errno == ENOTSUP ? 0 : error_errno(err, "list the attributes of '%s'", name);
    *out_any = size > 0;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
        if (layer_xattr_is_carried(names + at, strlen(names + at)) &&
            read_value(set, dirfd, name, names + at, err) != 0)
            return -1;
    return 0;
}

int layer_add_xattrs(struct layer *layer, uint32_t entry, const struct xattr_set *set, struct error *err)
{
    if (set->n == 0)
        return 0;
    size_t n = layer->n_xattrs + set->n;
    struct layer_xattr *xattrs = reallocarray(layer->xattrs, n, sizeof(*xattrs));
    if (xattrs == NULL)
        return error_errno(err, "read attributes");
    layer->xattrs = xattrs;
    if (layer->strings_size + set->bytes_size > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "the tree has too many attributes");
    char *strings = realloc(layer->strings, layer->strings_size + set->bytes_size + 1);
    if (strings == NULL)
        return error_errno(err, "read attributes");
    layer->strings = strings;
    for (size_t i = 0; i < set->n; i++) {
        const struct xattr *from = &set->items[i];
        struct layer_xattr *to = &xattrs[layer->n_xattrs++];
        *to = (struct layer_xattr){.entry = entry,
                                   .name = (uint32_t)layer->strings_size,
                                   .name_size = from->name_size,
                                   .value = (uint32_t)layer->strings_size + from->name_size,
                                   .value_size = from->value_size};
        char *end = mempcpy(layer->strings + layer->strings_size, set->bytes + from->name, from->name_size);
        end = mempcpy(end, set->bytes + from->value, from->value_size);
        layer->strings_size = (size_t)(end - layer->strings);
    }
    return 0;
}
