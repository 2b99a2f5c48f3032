/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A directory of the merged tree is a list of directories, one of each layer that takes part,
 * uppermost first. Its children are theirs, sorted by name and within a name by layer: the uppermost entry of
 * a name decides. A whiteout ends the name; a file ends it too; a directory goes on with the directories
 * below it until something else, or its own opaque mark, stops it. Nodes double as the queue, as in
 * layer_scan.c; the list of a directory that waits lies in `parts`.
 */
#include "tree.h"

#include "base/array.h"
#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An entry of a layer. */
struct part {
    uint32_t layer;
    uint32_t entry;
};

struct merge {
    struct tree tree;
    size_t nodes_room;
    struct part *parts;
    size_t n_parts, parts_room;
    uint32_t *
        first_part; /* of each node that is a directory: where its list starts in parts; it is n_parts long */
    uint32_t *count_part;
    size_t lists_room;
    struct part *children; /* of the directory at work */
    size_t children_room;
    uint32_t **seen; /* for each layer and entry: the node that first showed that file, plus one */
};

static void merge_release(struct merge *m)
{
    for (uint32_t i = 0; m->seen != NULL && i < m->tree.n_layers; i++)
        free(m->seen[i]);
    free(m->seen);
    free(m->parts);
    free(m->first_part);
    free(m->count_part);
    free(m->children);
    tree_release(&m->tree);
}

static const struct layer_entry *entry_of(const struct merge *m, struct part part)
{
    return &m->tree.layers[part.layer].entries[part.entry];
}

static const char *name_of(const struct merge *m, struct part part)
{
    return m->tree.layers[part.layer].strings + entry_of(m, part)->name;
}

static int compare_names(const struct merge *m, struct part a, struct part b)
{
    return layer_compare_names(name_of(m, a), entry_of(m, a)->name_size, name_of(m, b),
                               entry_of(m, b)->name_size);
}

static int compare_parts(const void *a, const void *b, void *context)
{
    struct part pa = *(const struct part *)a, pb = *(const struct part *)b;
    int order = compare_names(context, pa, pb);
    return order != 0 ? order : (pa.layer < pb.layer) - (pa.layer > pb.layer);
}

/* Sets the node's link, and counts names. */
static int find_link(struct merge *m, uint32_t number, struct part part, struct error *err)
{
    struct tree_node *node = &m->tree.nodes[number];
    const struct layer *layer = &m->tree.layers[part.layer];
    uint32_t **seen = &m->seen[part.layer];

    node->link = number;
    node->n_links = 1;
    if (S_ISDIR(node->entry->mode))
        return 0;
    if (*seen == NULL && (*seen = calloc(layer->n_entries, sizeof(**seen))) == NULL)
        return error_errno(err, "merge the layers");
    uint32_t *slot = &(*seen)[node->entry->link];
    if (*slot == 0) {
        *slot = number + 1;
        return 0;
    }
    node->link = *slot - 1;
    m->tree.nodes[node->link].n_links++;
    return 0;
}

/* The first time of an own that the parts of a node have: a small upper layer has none (layer.h). */
static int64_t find_time(const struct merge *m, const struct part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (entry_of(m, parts[i])->mtime != LAYER_NO_TIME)
            return entry_of(m, parts[i])->mtime;
    return 0;
}

/* Adds the node that parts[0..n), the entries of one name from the uppermost on, make; perhaps none. */
static int add_node(struct merge *m, uint32_t parent, const struct part *parts, size_t n, struct error *err)
{
    const struct layer_entry *top = entry_of(m, parts[0]);
    if ((top->flags & LAYER_WHITEOUT) != 0)
        return 0;
    if (array_grow(&m->tree.nodes, &m->nodes_room, m->tree.n_nodes + 1, sizeof(*m->tree.nodes),
                   "the merged layers", err) != 0)
        return -1;
    size_t lists_room = m->lists_room;
    if (array_grow(&m->first_part, &lists_room, m->tree.n_nodes + 1, sizeof(uint32_t), "the merged layers",
                   err) != 0 ||
        array_grow(&m->count_part, &m->lists_room, m->tree.n_nodes + 1, sizeof(uint32_t), "the merged layers",
                   err) != 0)
        return -1;

    size_t taken = 1;
    while (S_ISDIR(top->mode) && taken < n && (entry_of(m, parts[taken - 1])->flags & LAYER_OPAQUE) == 0 &&
           S_ISDIR(entry_of(m, parts[taken])->mode))
        taken++;
    if (array_grow(&m->parts, &m->parts_room, m->n_parts + taken, sizeof(*m->parts), "the merged layers",
                   err) != 0)
        return -1;

    uint32_t number = m->tree.n_nodes++;
    m->tree.nodes[number] = (struct tree_node){.entry = top,
                                               .name = name_of(m, parts[0]),
                                               .mtime = find_time(m, parts, S_ISDIR(top->mode) ? taken : n),
                                               .uid = top->uid,
                                               .gid = top->gid,
                                               .layer = parts[0].layer,
                                               .parent = parent,
                                               .n_parts = (uint32_t)taken,
                                               .lowest_layer = parts[taken - 1].layer,
                                               .lowest_entry = parts[taken - 1].entry};
    m->first_part[number] = (uint32_t)m->n_parts;
    m->count_part[number] = 0;
    if (S_ISDIR(top->mode)) {
        memcpy(m->parts + m->n_parts, parts, taken * sizeof(*parts));
        m->count_part[number] = (uint32_t)taken;
        m->n_parts += taken;
    }
    return find_link(m, number, parts[0], err);
}

/* Collects the children of a directory's parts into children. */
static int collect_children(struct merge *m, uint32_t number, size_t *out_n, struct error *err)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->count_part[number]; i++) {
        struct part dir = m->parts[m->first_part[number] + i];
        const struct layer_entry *e = entry_of(m, dir);
        if (array_grow(&m->children, &m->children_room, n + e->n, sizeof(*m->children), "the merged layers",
                       err) != 0)
            return -1;
        for (uint32_t child = 0; child < e->n; child++)
            m->children[n++] = (struct part){.layer = dir.layer, .entry = e->first + child};
    }
    /* One layer's children are sorted as they stand. */
    if (m->count_part[number] > 1 && n > 1)
        qsort_r(m->children, n, sizeof(*m->children), compare_parts, m);
    *out_n = n;
    return 0;
}

static int merge_directory(struct merge *m, uint32_t number, struct error *err)
{
    size_t n = 0;
    uint32_t first = m->tree.n_nodes;
    if (collect_children(m, number, &n, err) != 0)
        return -1;
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && compare_names(m, m->children[i], m->children[next]) == 0; next++)
            ;
        if (add_node(m, number, m->children + i, next - i, err) != 0)
            return -1;
    }
    m->tree.nodes[number].first = first;
    m->tree.nodes[number].n = m->tree.n_nodes - first;
    return 0;
}

int tree_merge(const struct layer *layers, uint32_t n_layers, struct tree *out, struct error *err)
{
    _cleanup_(merge_release) struct merge m = {.tree = {.layers = layers, .n_layers = n_layers}};
    _cleanup_free_ struct part *roots = calloc(n_layers, sizeof(*roots));
    m.seen = calloc(n_layers, sizeof(*m.seen));
    if (m.seen == NULL || roots == NULL)
        return error_errno(err, "merge the layers");

    for (uint32_t i = 0; i < n_layers; i++)
        roots[i] = (struct part){.layer = n_layers - 1 - i, .entry = 0};
    if (add_node(&m, 0, roots, n_layers, err) != 0)
        return -1;
    for (uint32_t i = 0; i < m.tree.n_nodes; i++)
        if (S_ISDIR(m.tree.nodes[i].entry->mode) && merge_directory(&m, i, err) != 0)
            return -1;

    *out = m.tree;
    m.tree = TREE_NONE;
    m.tree.n_layers = n_layers;
    return 0;
}

/* What the kernel shows for an id without a name in the user namespace (user_namespaces(7)). */
#define OVERFLOW_ID 65534u

static const struct image_id_range *find_range(const struct image_id_map *map, uint32_t id)
{
    for (size_t i = 0; i < map->n; i++)
        if (id >= map->ranges[i].outside && id - map->ranges[i].outside < map->ranges[i].n)
            return &map->ranges[i];
    return NULL;
}

bool tree_knows_id(const struct image_id_map *map, uint32_t id)
{
    return map == NULL || map->n == 0 || find_range(map, id) != NULL;
}

uint32_t tree_map_id(const struct image_id_map *map, uint32_t id)
{
    if (map == NULL || map->n == 0)
        return id;
    const struct image_id_range *range = find_range(map, id);
    return range != NULL ? range->inside + (id - range->outside) : OVERFLOW_ID;
}

void tree_map_owners(struct tree *tree, const struct image_id_map *uids, const struct image_id_map *gids)
{
    tree->uids = uids;
    tree->gids = gids;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        tree->nodes[i].uid = tree_map_id(uids, tree->nodes[i].entry->uid);
        tree->nodes[i].gid = tree_map_id(gids, tree->nodes[i].entry->gid);
    }
}

void tree_digest(const struct tree *tree, uint8_t out[DIGEST_SIZE])
{
    struct digest digest;
    digest_init(&digest);
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        const uint64_t fields[] = {node->parent, node->entry->mode, node->uid,
                                   node->gid,    node->entry->size, (uint64_t)node->mtime};
        digest_add(&digest, fields, sizeof(fields));
        digest_add_field(&digest, node->name, node->entry->name_size);
    }
    for (uint32_t i = 0; i < tree->n_layers; i++)
        layer_xattrs_digest(&tree->layers[i], &digest);
    digest_finish(&digest, out);
}

void tree_release(struct tree *tree)
{
    free(tree->nodes);
    *tree = TREE_NONE;
}
