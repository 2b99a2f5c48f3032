/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A line is fields between spaces; a "-" ends the optional ones; type, source and the file system's
 * own options follow. The kernel writes space, tab, newline, backslash, comma and equals sign inside a field
 * as a backslash and three octal digits, so fields and options are split first and decoded then. Overlayfs
 * has a second layer of its own: in lowerdir a backslash stands before a colon or backslash that belongs to a
 * name.
 */
#include "mountinfo.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* A part of the text. */
struct span {
    const char *at;
    size_t size;
};

/* Takes what stands before the separator off the front of rest. False: rest was empty. */
static bool take(struct span *rest, char separator, struct span *out)
{
    if (rest->size == 0)
        return false;
    const char *end = memchr(rest->at, separator, rest->size);
    out->at = rest->at;
    out->size = end == NULL ? rest->size : (size_t)(end - rest->at);
    size_t taken = out->size + (end != NULL);
    rest->at += taken;
    rest->size -= taken;
    return true;
}

static bool equals(struct span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.at, text, span.size) == 0;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

/* A terminated copy with the octal escapes resolved; NULL: no memory. */
static char *decode(struct span span)
{
    char *text = malloc(span.size + 1);
    size_t n = 0;
    for (size_t i = 0; text != NULL && i < span.size; i++) {
        const char *s = span.at + i;
        if (*s == '\\' && span.size - i > 3 && s[1] <= '3' && is_octal(s[1]) && is_octal(s[2]) &&
            is_octal(s[3])) {
            text[n++] = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            i += 3;
        } else {
            text[n++] = *s;
        }
    }
    if (text != NULL)
        text[n] = '\0';
    return text;
}

static int add_lower(struct overlay_stack *stack, char *path, struct error *err)
{
    char **grown = reallocarray(stack->lowers, stack->n_lowers + 1, sizeof(*grown));
    if (path == NULL || grown == NULL) {
        free(path);
        if (grown != NULL)
            stack->lowers = grown;
        return error_errno(err, "read the layers of an overlay");
    }
    stack->lowers = grown;
    stack->lowers[stack->n_lowers++] = path;
    return 0;
}

/* Splits lowerdir at its colons. *out_known: there is nothing in it but directories. */
static int add_lowers(struct overlay_stack *stack, const char *list, bool *out_known, struct error *err)
{
    const char *at = list;
    *out_known = true;
    for (;;) {
        char *path = malloc(strlen(at) + 1);
        size_t n = 0;
        while (*at != '\0' && *at != ':') {
            if (*at == '\\' && at[1] != '\0')
                at++;
            if (path != NULL)
                path[n++] = *at;
            at++;
        }
        if (path != NULL)
            path[n] = '\0';
        if (n == 0) /* "::" starts the data-only layers */
            *out_known = false;
        if (add_lower(stack, path, err) != 0)
            return -1;
        if (*at == '\0')
            return 0;
        at++;
    }
}

/* One option of overlayfs. */
static int read_option(struct overlay_stack *stack, struct span option, bool *out_known, struct error *err)
{
    struct span name;
    *out_known = true;
    if (!take(&option, '=', &name))
        return 0;
    if (equals(name, "datadir+"))
        *out_known = false;
    if (!equals(name, "lowerdir") && !equals(name, "lowerdir+") && !equals(name, "upperdir"))
        return 0;

    _cleanup_free_ char *value = decode(option);
    if (value == NULL)
        return error_errno(err, "read the layers of an overlay");
    if (value[0] == '\0') {
        *out_known = false;
        return 0;
    }
    if (equals(name, "lowerdir"))
        return add_lowers(stack, value, out_known, err);
    if (equals(name, "lowerdir+"))
        return add_lower(stack, take_ptr(value), err);
    free(stack->upper);
    stack->upper = take_ptr(value);
    return 0;
}

static bool parse_id(struct span span, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < span.size; i++) {
        if (span.at[i] < '0' || span.at[i] > '9' || *out > UINT64_MAX / 10 - 1)
            return false;
        *out = *out * 10 + (uint64_t)(span.at[i] - '0');
    }
    return span.size > 0;
}

/* Finds the fields of a line that count. False: it is another mount, or no line of mountinfo. */
static bool split_line(struct span line, uint64_t mount_id, struct span *mount_point, struct span *type,
                       struct span *options)
{
    struct span field, root;
    uint64_t id;
    if (!take(&line, ' ', &field) || !parse_id(field, &id) || id != mount_id)
        return false;
    if (!take(&line, ' ', &field) || !take(&line, ' ', &field) || !take(&line, ' ', &root) ||
        !take(&line, ' ', mount_point) || !equals(root, "/"))
        return false;
    do {
        if (!take(&line, ' ', &field))
            return false;
    } while (!equals(field, "-"));
    return take(&line, ' ', type) && take(&line, ' ', &field) && take(&line, ' ', options);
}

static int read_options(struct overlay_stack *stack, struct span options, bool *out_known, struct error *err)
{
    struct span option;
    bool known = true;
    *out_known = true;
    while (take(&options, ',', &option)) {
        if (read_option(stack, option, &known, err) != 0)
            return -1;
        *out_known &= known;
    }
    return 0;
}

int mountinfo_find_overlay(const char *text, size_t size, uint64_t mount_id, struct overlay_stack *out,
                           struct error *err)
{
    _cleanup_(overlay_stack_release) struct overlay_stack stack = OVERLAY_STACK_NONE;
    struct span rest = {text, size}, line, mount_point, type, options;
    bool known;

    *out = OVERLAY_STACK_NONE;
    do {
        if (!take(&rest, '\n', &line))
            return 0;
    } while (!split_line(line, mount_id, &mount_point, &type, &options));
    if (!equals(type, "overlay"))
        return 0;
    if (read_options(&stack, options, &known, err) != 0)
        return -1;
    stack.mount_point = decode(mount_point);
    if (stack.mount_point == NULL)
        return error_errno(err, "read the layers of an overlay");
    if (!known || stack.n_lowers == 0)
        return 0;
    *out = stack;
    stack = OVERLAY_STACK_NONE;
    return 0;
}

void overlay_stack_release(struct overlay_stack *stack)
{
    for (size_t i = 0; i < stack->n_lowers; i++)
        free(stack->lowers[i]);
    free(stack->lowers);
    free(stack->upper);
    free(stack->mount_point);
    *stack = OVERLAY_STACK_NONE;
}
