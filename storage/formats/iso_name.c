/* SPDX-License-Identifier: Apache-2.0 */
#include "iso_name.h"

#include "base/cleanup.h"
#include "name_set.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PRIMARY_MAX 30u /* characters, without the period of a file */
#define JOLIET_MAX  62u /* characters: 64 with the version */
#define EXT_MAX     8u
#define TAIL        6u /* hexadecimal digits that make a name unique */

static uint8_t primary_character(char c)
{
    c = name_set_upper(c);
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? (uint8_t)c : '_';
}

/* Writes the primary form, of which the stem leaves room for a tail of n characters. */
static void make_primary(const struct tree_node *node, const char *tail, struct iso_name *out)
{
    size_t size = node->entry->name_size, ext = 0, n = strlen(tail);
    bool is_dir = S_ISDIR(node->entry->mode);
    const char *dot = is_dir ? NULL : memrchr(node->name, '.', size);
    size_t stem = dot == NULL || dot == node->name ? size : (size_t)(dot - node->name);

    if (stem < size)
        ext = size - stem - 1 < EXT_MAX ? size - stem - 1 : EXT_MAX;
    size_t room = PRIMARY_MAX - ext - n;
    out->size = 0;
    for (size_t i = 0; i < stem && i < room; i++)
        out->bytes[out->size++] = primary_character(node->name[i]);
    memcpy(out->bytes + out->size, tail, n);
    out->size = (uint8_t)(out->size + n);
    if (!is_dir)
        out->bytes[out->size++] = '.';
    for (size_t i = 0; i < ext; i++)
        out->bytes[out->size++] = primary_character(node->name[stem + 1 + i]);
}

static void make_joliet(const struct tree_node *node, const char *tail, struct iso_name *out)
{
    const unsigned char *at = (const unsigned char *)node->name, *end = at + node->entry->name_size;
    size_t n = strlen(tail);
    out->size = 0;
    while (at < end && out->size / 2 < JOLIET_MAX - n) {
        int32_t c = utf8_next(&at, end);
        if (c < 0x20 || c > 0xffff || (c < 0x80 && strchr("*/:;?\\", c) != NULL))
            c = '_';
        out->bytes[out->size++] = (uint8_t)(c >> 8);
        out->bytes[out->size++] = (uint8_t)c;
    }
    for (size_t i = 0; i < n; i++) {
        out->bytes[out->size++] = 0;
        out->bytes[out->size++] = (uint8_t)tail[i];
    }
}

/* How many characters a name has at most, for make_joliet to have cut it. */
static bool is_cut(const struct tree_node *node, bool is_joliet)
{
    const unsigned char *at = (const unsigned char *)node->name, *end = at + node->entry->name_size;
    size_t n = 0;
    while (is_joliet && at < end && utf8_next(&at, end) != 0)
        n++;
    return n > JOLIET_MAX;
}

static bool has_same_name(const void *context, uint32_t a, uint32_t b)
{
    const struct iso_dir *dir = context;
    return dir->names[a].size == dir->names[b].size &&
           memcmp(dir->names[a].bytes, dir->names[b].bytes, dir->names[a].size) == 0;
}

/* Gives child i the first of its forms that is free. */
static void name_child(struct iso_dir *dir, const struct tree *tree, uint32_t i, bool is_joliet,
                       struct name_set *set)
{
    const struct tree_node *node = &tree->nodes[dir->nodes[i]];
    struct iso_name *name = &dir->names[i];
    for (uint32_t attempt = is_cut(node, is_joliet);; attempt++) {
        char tail[TAIL + 1] = "";
        if (attempt > 0)
            snprintf(tail, sizeof(tail), "%06X",
                     name_set_hash(node->name, node->entry->name_size, attempt) & 0xffffff);
        if (is_joliet)
            make_joliet(node, tail, name);
        else
            make_primary(node, tail, name);
        if (name_set_add(set, name_set_hash(name->bytes, name->size, 0), i) == i)
            return;
    }
}

/* What a sort moves: a name and the node it belongs to. */
struct child {
    struct iso_name name;
    uint32_t node;
};

/* As ECMA-119, 9.3, wants it: what these names consist of is above the space that shorter ones are padded
 * with, and the period is below it all. */
static int compare_children(const void *a, const void *b)
{
    const struct iso_name *x = &((const struct child *)a)->name, *y = &((const struct child *)b)->name;
    int order = memcmp(x->bytes, y->bytes, x->size < y->size ? x->size : y->size);
    return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

static int sort(struct iso_dir *dir, struct error *err)
{
    _cleanup_free_ struct child *children = calloc((size_t)dir->n + 1, sizeof(*children));
    if (children == NULL)
        return error_errno(err, "name the files");
    for (uint32_t i = 0; i < dir->n; i++)
        children[i] = (struct child){.name = dir->names[i], .node = dir->nodes[i]};
    qsort(children, dir->n, sizeof(*children), compare_children);
    for (uint32_t i = 0; i < dir->n; i++) {
        dir->names[i] = children[i].name;
        dir->nodes[i] = children[i].node;
    }
    return 0;
}

static int name_children(struct iso_dir *dir, const struct tree *tree, bool is_joliet, struct error *err)
{
    _cleanup_(name_set_release) struct name_set set = {.slots = NULL};
    if (name_set_init(&set, dir->n, has_same_name, dir, err) != 0)
        return -1;
    for (uint32_t i = 0; i < dir->n; i++)
        name_child(dir, tree, i, is_joliet, &set);
    return sort(dir, err);
}

int iso_dir_init(struct iso_dir *out, const struct tree *tree, uint32_t dir, const bool *shows,
                 bool is_joliet, struct error *err)
{
    const struct tree_node *node = &tree->nodes[dir];
    *out = (struct iso_dir){.nodes = calloc((size_t)node->n + 1, sizeof(*out->nodes)),
                            .names = calloc((size_t)node->n + 1, sizeof(*out->names))};
    if (out->nodes == NULL || out->names == NULL) {
        iso_dir_release(out);
        return error_errno(err, "name the files");
    }
    for (uint32_t i = node->first; i < node->first + node->n; i++)
        if (shows[i])
            out->nodes[out->n++] = i;
    if (name_children(out, tree, is_joliet, err) != 0) {
        iso_dir_release(out);
        return -1;
    }
    return 0;
}

void iso_dir_release(struct iso_dir *dir)
{
    free(dir->nodes);
    free(dir->names);
    *dir = ISO_DIR_NONE;
}
