/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass: each segment is decoded to the end of out, and only then compared with "." and "..", so that
 * their encoded forms mean the same. A decoded slash would make two segments out of one, and is refused.
 */
#include "target.h"

#include <ctype.h>

static int hex_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Decodes the character at *p, which is moved on. Returns it, or -1. */
static int decode(const char **p, const char *end)
{
    if (**p != '%')
        return (unsigned char)*(*p)++;
    if (end - *p < 3)
        return -1;
    int high = hex_value((*p)[1]), low = hex_value((*p)[2]), c = high * 16 + low;
    *p += 3;
    return high < 0 || low < 0 || c == '\0' || c == '/' ? -1 : c;
}

/* The absolute form that a proxy gets, "http://host/path": leaves the path. */
static struct slice without_authority(struct slice target)
{
    static const char scheme[] = "http://";
    size_t size = sizeof(scheme) - 1;
    if (target.size < size || strncasecmp(target.data, scheme, size) != 0)
        return target;
    const char *path = memchr(target.data + size, '/', target.size - size);
    return path == NULL ? (struct slice){"/", 1}
                        : (struct slice){path, target.size - (size_t)(path - target.data)};
}

/*
 * Takes the last segment of out away again when it is "." or "..", or empty. Returns 0 then, 1 when it is
 * something else, and -1 when it leads above the root.
 */
static int resolve_dots(const char *out, size_t segment, size_t *used)
{
    struct slice s = {out + segment, *used - segment};
    if (slice_equals(s, ".") || s.size == 0) {
        *used = segment;
    } else if (slice_equals(s, "..")) {
        if (segment == 1)
            return -1;
        *used = segment - 1;
        while (out[*used - 1] != '/')
            --*used;
    } else {
        return 1;
    }
    return 0;
}

int target_decode(struct slice target, char *out, size_t size)
{
    target = without_authority(target);
    const char *p = target.data, *end = p + target.size;
    const char *query = memchr(p, '?', target.size);
    if (query != NULL)
        end = query;
    if (p == end || *p != '/' || size < 2)
        return -1;

    size_t used = 0;
    out[used++] = '/';
    while (p < end) {
        p++; /* the slash before the segment */
        size_t segment = used;
        while (p < end && *p != '/') {
            int c = decode(&p, end);
            if (c < 0 || used + 2 >= size)
                return -1;
            out[used++] = (char)c;
        }
        int kept = resolve_dots(out, segment, &used);
        if (kept < 0)
            return -1;
        if (kept > 0 && p < end)
            out[used++] = '/';
    }
    out[used] = '\0';
    return 0;
}
