/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The paths are resolved in the tree and sorted, with "/" below every other byte: then what is in one
 * directory is one range of them, in the order of names. Entries double as the queue, as in layer_scan.c.
 */
#include "slot_layer.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "tree_path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATCHES_MAX 4096u

/* A patch's path in the tree, without symlinks and without "/" at its start. */
struct place {
    char *path;
    uint32_t patch;
};

/* A range of places that are below one directory. */
struct range {
    uint32_t first, n;
    size_t depth;  /* bytes of their paths that lead to the directory, its "/" included */
    uint32_t node; /* the directory in the tree, or TREE_NOWHERE */
};

struct build {
    const struct tree *tree;
    const struct image_request *request;
    struct place *places;
    uint32_t n_places;
    struct slot_layer slots;
    struct range *ranges; /* of each entry */
    size_t entries_room, ranges_room, patches_room, strings_room;
};

static void build_release(struct build *b)
{
    for (uint32_t i = 0; b->places != NULL && i < b->request->n_patches; i++)
        free(b->places[i].path);
    free(b->places);
    free(b->ranges);
    slot_layer_release(&b->slots);
}

uint64_t slot_layer_blocks(const struct image_patch *patch)
{
    uint64_t n = 1;
    while (n * LAYER_BLOCK_SIZE < patch->size)
        n *= 2;
    return n;
}

/* Goes one component on; node is TREE_NOWHERE once the tree has nothing there. */
static int step(const struct tree *tree, uint32_t *node, const char *name, size_t size, char path[PATH_MAX],
                struct error *err)
{
    if (*node != TREE_NOWHERE) {
        uint32_t child = tree_path_child(tree, *node, name, size);
        if (child != TREE_NOWHERE) {
            *node = tree_path_follow(tree, child);
            if (*node == TREE_NOWHERE || !S_ISDIR(tree->nodes[*node].entry->mode))
                return error_set(err, ERROR_REFUSED, "'%.*s' is no directory in the image", (int)size, name);
            return tree_path_of(tree, *node, path, err);
        }
        *node = TREE_NOWHERE;
    }
    size_t used = strlen(path);
    if (used + 1 + size >= PATH_MAX)
        return error_set(err, ERROR_REFUSED, "the path is too long");
    if (used > 0)
        path[used++] = '/';
    memcpy(path + used, name, size);
    path[used + size] = '\0';
    return 0;
}

static int resolve(const struct tree *tree, const char *text, char path[PATH_MAX], struct error *err)
{
    uint32_t node = 0;
    const char *at = text + strspn(text, "/");
    path[0] = '\0';
    if (text[0] != '/' || *at == '\0')
        return error_set(err, ERROR_REFUSED, "the path is not absolute, or names no file");
    for (;;) {
        size_t size = strcspn(at, "/");
        const char *next = at + size + strspn(at + size, "/");
        if (size > 255 || (size <= 2 && memcmp(at, "..", size) == 0))
            return error_set(err, ERROR_REFUSED, "'%.*s' in its path cannot be followed", (int)size, at);
        if (*next != '\0') {
            if (step(tree, &node, at, size, path, err) != 0)
                return -1;
            at = next;
            continue;
        }
        uint32_t last = node == TREE_NOWHERE ? node : tree_path_child(tree, node, at, size);
        if (last != TREE_NOWHERE && S_ISDIR(tree->nodes[last].entry->mode))
            return error_set(err, ERROR_REFUSED, "in the image it is a directory");
        node = TREE_NOWHERE;
        return step(tree, &node, at, size, path, err);
    }
}

static int compare_places(const void *a, const void *b)
{
    const struct place *pa = a, *pb = b;
    const unsigned char *x = (const unsigned char *)pa->path, *y = (const unsigned char *)pb->path;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    if (*x == *y)
        return (pa->patch > pb->patch) - (pa->patch < pb->patch);
    int left = *x == '/' ? 1 : *x == '\0' ? 0 : *x + 1;
    int right = *y == '/' ? 1 : *y == '\0' ? 0 : *y + 1;
    return left - right;
}

/* Resolves and sorts the paths; of equal ones the last is kept. */
static int find_places(struct build *b, struct error *err)
{
    size_t n = b->request->n_patches;
    if (n > PATCHES_MAX)
        return error_set(err, ERROR_REFUSED, "%zu files of the container are too many for an image", n);
    b->places = calloc(n + 1, sizeof(*b->places));
    if (b->places == NULL)
        return error_errno(err, "find the places of the container's files");
    for (uint32_t i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (resolve(b->tree, b->request->patches[i].path, path, err) != 0)
            return error_wrap(err, "put '%s' into the image", b->request->patches[i].path);
        b->places[i] = (struct place){.path = strdup(path), .patch = i};
        if (b->places[i].path == NULL)
            return error_errno(err, "find the places of the container's files");
    }
    qsort(b->places, n, sizeof(*b->places), compare_places);
    for (uint32_t i = 0; i < n; i++) {
        struct place place = b->places[i];
        bool is_last = i + 1 == n || strcmp(place.path, b->places[i + 1].path) != 0;
        if (!is_last)
            continue;
        b->places[i] = b->places[b->n_places]; /* both stay the array's to free */
        b->places[b->n_places++] = place;
    }
    return 0;
}

/* Adds an entry; what the tree has in its place gives owner and mode. */
static int add_entry(struct build *b, uint32_t parent, const char *name, size_t size, uint32_t type,
                     const struct range *range, struct error *err)
{
    struct layer *layer = &b->slots.layer;
    uint32_t number = layer->n_entries;
    if (array_grow(&layer->entries, &b->entries_room, number + 1, sizeof(*layer->entries),
                   "the container's files", err) != 0 ||
        array_grow(&b->ranges, &b->ranges_room, number + 1, sizeof(*b->ranges), "the container's files",
                   err) != 0 ||
        array_grow(&b->slots.patches, &b->patches_room, number + 1, sizeof(uint32_t), "the container's files",
                   err) != 0 ||
        array_grow(&layer->strings, &b->strings_room, layer->strings_size + size + 1, 1,
                   "the container's files", err) != 0)
        return -1;

    struct layer_entry e = {.mtime = LAYER_NO_TIME,
                            .parent = parent,
                            .name = (uint32_t)layer->strings_size,
                            .name_size = (uint16_t)size,
                            .mode = type | (S_ISDIR(type) ? 0755 : 0644),
                            .link = number};
    const struct tree_node *below = range->node == TREE_NOWHERE ? NULL : &b->tree->nodes[range->node];
    if (below != NULL && (below->entry->mode & S_IFMT) == type) {
        e.mode = below->entry->mode;
        e.uid = below->entry->uid;
        e.gid = below->entry->gid;
    }
    memcpy(layer->strings + layer->strings_size, name, size);
    layer->strings_size += size;
    layer->entries[number] = e;
    layer->n_entries++;
    b->ranges[number] = *range;
    b->slots.patches[number] = UINT32_MAX;
    return 0;
}

static int add_file(struct build *b, uint32_t parent, const char *name, size_t size,
                    const struct range *range, struct error *err)
{
    if (add_entry(b, parent, name, size, S_IFREG, range, err) != 0)
        return -1;
    struct layer *layer = &b->slots.layer;
    uint32_t patch = b->places[range->first].patch;
    uint64_t n_blocks = slot_layer_blocks(&b->request->patches[patch]);
    struct layer_entry *e = &layer->entries[layer->n_entries - 1];
    e->block = layer->n_blocks;
    e->size = n_blocks * LAYER_BLOCK_SIZE;
    layer->n_blocks += n_blocks;
    b->slots.patches[layer->n_entries - 1] = patch;
    return 0;
}

/* Adds the child whose places start at places[first]. *out_n: how many there are of it. */
static int add_child(struct build *b, uint32_t parent, uint32_t first, uint32_t *out_n, struct error *err)
{
    const struct range above = b->ranges[parent];
    const char *name = b->places[first].path + above.depth;
    size_t size = strcspn(name, "/");
    struct range range = {.first = first, .n = 1, .depth = above.depth + size + 1, .node = TREE_NOWHERE};
    if (above.node != TREE_NOWHERE)
        range.node = tree_path_child(b->tree, above.node, name, size);
    while (first + range.n < above.first + above.n) {
        const char *other = b->places[first + range.n].path + above.depth;
        if (strncmp(other, name, size) != 0 || (other[size] != '/' && other[size] != '\0'))
            break;
        range.n++;
    }
    *out_n = range.n;
    if (name[size] == '/')
        return add_entry(b, parent, name, size, S_IFDIR, &range, err);
    if (range.n > 1)
        return error_set(err, ERROR_REFUSED, "the container has '/%s' both as a file and as a directory",
                         b->places[first].path);
    return add_file(b, parent, name, size, &range, err);
}

static int add_children(struct build *b, uint32_t parent, struct error *err)
{
    const struct range range = b->ranges[parent];
    uint32_t first_child = b->slots.layer.n_entries;
    for (uint32_t i = 0, n; i < range.n; i += n)
        if (add_child(b, parent, range.first + i, &n, err) != 0)
            return -1;
    b->slots.layer.entries[parent].first = first_child;
    b->slots.layer.entries[parent].n = b->slots.layer.n_entries - first_child;
    return 0;
}

int slot_layer_init(struct slot_layer *slots, const struct tree *tree, const struct image_request *request,
                    struct error *err)
{
    _cleanup_(build_release) struct build b = {.tree = tree, .request = request};
    if (find_places(&b, err) != 0)
        return -1;
    const struct range all = {.n = b.n_places, .node = 0};
    if (add_entry(&b, 0, "", 0, S_IFDIR, &all, err) != 0)
        return -1;
    for (uint32_t i = 0; i < b.slots.layer.n_entries; i++)
        if (S_ISDIR(b.slots.layer.entries[i].mode) && add_children(&b, i, err) != 0)
            return -1;
    *slots = b.slots;
    b.slots = SLOT_LAYER_NONE;
    return 0;
}

void slot_layer_release(struct slot_layer *slots)
{
    layer_release(&slots->layer);
    free(slots->patches);
    *slots = SLOT_LAYER_NONE;
}
