/* SPDX-License-Identifier: Apache-2.0 */
#include "file_layout.h"

#include <stdlib.h>
#include <sys/stat.h>

static uint64_t blocks_of(const struct layer_entry *e)
{
    return e->size / LAYER_BLOCK_SIZE + (e->size % LAYER_BLOCK_SIZE != 0);
}

const struct layer_entry *file_layout_contents(const struct file_layout *layout, uint32_t node)
{
    const struct tree_node *n = &layout->tree->nodes[layout->shown[node]];
    return &layout->tree->layers[n->layer].entries[n->entry->link];
}

static uint32_t find_shown(const struct file_layout *layout, uint32_t node)
{
    const struct tree *tree = layout->tree;
    uint32_t mode = tree->nodes[node].entry->mode;
    if (S_ISREG(mode))
        return node;
    if (!S_ISLNK(mode) || layout->links == FILE_LAYOUT_SHARE)
        return TREE_NOWHERE;
    uint32_t end = tree_path_follow(tree, node);
    return end != TREE_NOWHERE && S_ISREG(tree->nodes[end].entry->mode) ? end : TREE_NOWHERE;
}

/* Whether a node is the name under which a file stands in its layer's pack. */
static bool is_first_name(const struct file_layout *layout, uint32_t node)
{
    return layout->shown[node] == node && layout->tree->nodes[node].link == node;
}

/* Whether the place of what a node shows is the place of another name of it. */
static bool has_shared_place(const struct file_layout *layout, uint32_t node)
{
    return layout->links == FILE_LAYOUT_SHARE && layout->tree->nodes[node].link != node;
}

static void place(struct file_layout *layout, uint32_t node)
{
    const struct tree_node *n = &layout->tree->nodes[layout->shown[node]];
    const struct layer_entry *e = file_layout_contents(layout, node);
    if (has_shared_place(layout, node)) {
        layout->firsts[node] = layout->firsts[n->link];
    } else if (is_first_name(layout, node) && (e->flags & LAYER_SPARSE) == 0) {
        layout->firsts[node] = layout->bases[n->layer] + e->block;
    } else {
        layout->firsts[node] = layout->n_blocks;
        layout->n_blocks += blocks_of(e);
    }
}

int file_layout_init(struct file_layout *layout, const struct tree *tree, enum file_layout_links links,
                     struct error *err)
{
    *layout = (struct file_layout){.tree = tree,
                                   .links = links,
                                   .bases = calloc(tree->n_layers, sizeof(*layout->bases)),
                                   .firsts = calloc(tree->n_nodes, sizeof(*layout->firsts)),
                                   .shown = calloc(tree->n_nodes, sizeof(*layout->shown))};
    if (layout->bases == NULL || layout->firsts == NULL || layout->shown == NULL) {
        error_errno(err, "lay out the files");
        file_layout_release(layout);
        return -1;
    }
    for (uint32_t i = 0; i < tree->n_layers; i++) {
        layout->bases[i] = layout->n_blocks;
        layout->n_blocks += tree->layers[i].n_blocks;
    }
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        layout->shown[i] = find_shown(layout, i);
        if (layout->shown[i] != TREE_NOWHERE)
            place(layout, i);
    }
    return 0;
}

static int add_extents(const struct file_layout *layout, uint32_t node, uint64_t first,
                       struct extent_list *list, struct error *err)
{
    uint32_t layer = layout->tree->nodes[layout->shown[node]].layer;
    const struct layer_entry *e = file_layout_contents(layout, node);
    uint64_t at = first + layout->firsts[node];
    if ((e->flags & LAYER_SPARSE) == 0)
        return extent_list_add(list, at, blocks_of(e), 1 + layer, e->block, err);
    for (uint32_t i = 0; i < e->n; i++) {
        const struct layer_segment *s = &layout->tree->layers[layer].segments[e->first + i];
        if (extent_list_add(list, at + s->file_block, s->n_blocks, 1 + layer, s->pack_block, err) != 0)
            return -1;
    }
    return 0;
}

int file_layout_extents(const struct file_layout *layout, uint64_t first, uint32_t n_packs,
                        struct extent_list *list, struct error *err)
{
    for (uint32_t i = 0; i < layout->tree->n_nodes; i++) {
        if (layout->shown[i] == TREE_NOWHERE || has_shared_place(layout, i) ||
            layout->tree->nodes[layout->shown[i]].layer >= n_packs)
            continue;
        if (add_extents(layout, i, first, list, err) != 0)
            return -1;
    }
    return 0;
}

void file_layout_release(struct file_layout *layout)
{
    free(layout->bases);
    free(layout->firsts);
    free(layout->shown);
    *layout = FILE_LAYOUT_NONE;
}
