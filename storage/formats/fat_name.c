/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A name that fits into 8 + 3 characters has its upper-case form as its short name; as names differ
 * by more than case, these forms are unique. So they are given first. All other names get "~1" to "~4" behind
 * their first six characters, and then a number made of the name, so that thousands of alike names do not
 * take long.
 */
#include "fat_name.h"

#include "base/cleanup.h"
#include "name_set.h"
#include "tree_path.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

int fat_name_encode(const char *name, size_t size, uint16_t out[FAT_NAME_MAX], struct error *err)
{
    const unsigned char *at = (const unsigned char *)name, *end = at + size;
    int n = 0;
    while (at < end) {
        int32_t c = utf8_next(&at, end);
        if (c < 0)
            return error_set(err, ERROR_REFUSED, "its name is no UTF-8");
        if (c < 0x20 || (c < 0x80 && strchr("\"*/:<>?\\|", c) != NULL))
            return error_set(err, ERROR_REFUSED, "FAT allows no character 0x%02x in a name", (unsigned)c);
        if (n + 1 + (c > 0xffff) > (int)FAT_NAME_MAX)
            return error_set(err, ERROR_REFUSED, "its name is longer than %u characters", FAT_NAME_MAX);
        if (c > 0xffff) {
            out[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        out[n++] = (uint16_t)c;
    }
    if (n == 0 || name[size - 1] == ' ' || name[size - 1] == '.')
        return error_set(err, ERROR_REFUSED, "FAT allows no space or period at the end of a name");
    return n;
}

uint8_t fat_name_checksum(const uint8_t short_name[11])
{
    uint8_t sum = 0;
    for (int i = 0; i < 11; i++)
        sum = (uint8_t)((uint8_t)(sum << 7 | sum >> 1) + short_name[i]);
    return sum;
}

static bool is_short_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'()-@^_`{}~", c) != NULL);
}

/* Copies what of a part of a name is good for a short one. Returns whether that is all of it. */
static bool shorten(const char *from, size_t size, uint8_t *to, size_t room)
{
    size_t n = 0;
    bool is_all = true;
    for (size_t i = 0; i < size; i++) {
        char c = name_set_upper(from[i]);
        if (c == ' ' || c == '.') {
            is_all = false;
            continue;
        }
        if (!is_short_character(c)) {
            is_all = false;
            c = '_';
        }
        if (n < room)
            to[n++] = (uint8_t)c;
        else
            is_all = false;
    }
    return is_all;
}

/* Makes the short form. Returns whether it is the name but for the case of letters. */
static bool make_short(const char *name, size_t size, uint8_t out[11])
{
    const char *dot = memrchr(name, '.', size);
    size_t stem = dot == NULL || dot == name ? size : (size_t)(dot - name);
    memset(out, ' ', 11);
    bool is_all = shorten(name, stem, out, 8);
    if (stem < size)
        is_all &= shorten(dot + 1, size - stem - 1, out + 8, 3);
    if (out[0] == ' ')
        out[0] = '_';
    return is_all && stem > 0;
}

struct assign {
    const struct tree *tree;
    const struct tree_node *children;
    uint32_t n;
    struct fat_name *names;
    struct name_set by_name;  /* by the long name, without case */
    struct name_set by_short; /* by the short one */
};

static void assign_release(struct assign *a)
{
    name_set_release(&a->by_name);
    name_set_release(&a->by_short);
}

static bool has_same_name(const void *context, uint32_t a, uint32_t b)
{
    const struct assign *assign = context;
    const struct tree_node *x = &assign->children[a], *y = &assign->children[b];
    if (x->entry->name_size != y->entry->name_size)
        return false;
    for (size_t i = 0; i < x->entry->name_size; i++)
        if (name_set_upper(x->name[i]) != name_set_upper(y->name[i]))
            return false;
    return true;
}

static bool has_same_short(const void *context, uint32_t a, uint32_t b)
{
    const struct assign *assign = context;
    return memcmp(assign->names[a].short_name, assign->names[b].short_name, 11) == 0;
}

/* Adds a child by its short name. False: it is taken. */
static bool add_short(struct assign *a, uint32_t child)
{
    return name_set_add(&a->by_short, name_set_hash(a->names[child].short_name, 11, 0), child) == child;
}

/* Puts the tail of attempt number n behind the stem of a short name. */
static void set_tail(const struct tree_node *node, uint32_t n, uint8_t name[11])
{
    char tail[8];
    size_t keep = 6;
    if (n <= 4) {
        snprintf(tail, sizeof(tail), "~%u", n);
    } else {
        snprintf(tail, sizeof(tail), "%04X~1", name_set_hash(node->name, node->entry->name_size, n) & 0xffff);
        keep = 2;
    }
    size_t at = 0;
    while (at < keep && name[at] != ' ')
        at++;
    memset(name + at, ' ', 8 - at);
    memcpy(name + at, tail, strlen(tail));
}

static void invent(struct assign *a, uint32_t child)
{
    const struct tree_node *node = &a->children[child];
    uint8_t plain[11];
    make_short(node->name, node->entry->name_size, plain);
    for (uint32_t n = 1;; n++) {
        memcpy(a->names[child].short_name, plain, sizeof(plain));
        set_tail(node, n, a->names[child].short_name);
        if (add_short(a, child))
            return;
    }
}

/* Checks a child's name and gives it its upper-case form as its short name, if that fits. */
static int examine(struct assign *a, uint32_t child, uint8_t *out_fits, struct error *err)
{
    const struct tree_node *node = &a->children[child];
    struct fat_name *name = &a->names[child];
    uint16_t units[FAT_NAME_MAX];
    int n = fat_name_encode(node->name, node->entry->name_size, units, err);
    if (n < 0)
        return -1;
    uint32_t other = name_set_add(&a->by_name, name_set_hash(node->name, node->entry->name_size, 0), child);
    if (other != child)
        return error_set(err, ERROR_REFUSED, "FAT cannot tell it from '%.*s' beside it",
                         (int)a->children[other].entry->name_size, a->children[other].name);
    *out_fits = make_short(node->name, node->entry->name_size, name->short_name);
    bool is_upper = true;
    for (size_t i = 0; i < node->entry->name_size; i++)
        is_upper &= name_set_upper(node->name[i]) == node->name[i];
    name->n_long = *out_fits && is_upper ? 0 : (uint8_t)(((uint32_t)n + FAT_LONG_UNITS - 1) / FAT_LONG_UNITS);
    if (*out_fits)
        add_short(a, child);
    return 0;
}

int fat_name_assign(const struct tree *tree, uint32_t dir, const bool *shows, struct fat_name *names,
                    struct error *err)
{
    const struct tree_node *d = &tree->nodes[dir];
    _cleanup_(assign_release) struct assign a = {
        .tree = tree, .children = tree->nodes + d->first, .n = d->n, .names = names};
    _cleanup_free_ uint8_t *fits = calloc((size_t)d->n + 1, 1);
    char path[PATH_MAX];
    if (fits == NULL)
        return error_errno(err, "name the files");
    if (name_set_init(&a.by_name, d->n, has_same_name, &a, err) != 0 ||
        name_set_init(&a.by_short, d->n, has_same_short, &a, err) != 0)
        return -1;
    for (uint32_t i = 0; i < d->n; i++) {
        struct error why = {0};
        if (!shows[i] || examine(&a, i, &fits[i], &why) == 0)
            continue;
        if (tree_path_of(tree, d->first + i, path, err) != 0)
            return -1;
        return error_set(err, why.kind, "'/%s' cannot be in a FAT image: %s", path, why.text);
    }
    for (uint32_t i = 0; i < d->n; i++)
        if (shows[i] && !fits[i])
            invent(&a, i);
    return 0;
}
