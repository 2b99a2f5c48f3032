/* SPDX-License-Identifier: Apache-2.0 */
#include "image_compose.h"

#include <stdlib.h>
#include <sys/stat.h>

static int find_visible(struct composition *c, struct error *err)
{
    c->visible = calloc(c->tree.n_layers, sizeof(*c->visible));
    if (c->visible == NULL)
        return error_errno(err, "compose an image");
    for (uint32_t i = 0; i < c->tree.n_layers; i++) {
        c->visible[i] = calloc(c->layers[i].n_entries, sizeof(**c->visible));
        if (c->visible[i] == NULL)
            return error_errno(err, "compose an image");
    }
    for (uint32_t i = 0; i < c->tree.n_nodes; i++) {
        const struct tree_node *node = &c->tree.nodes[i];
        if (S_ISREG(node->entry->mode))
            c->visible[node->layer][node->entry->link] = true;
    }
    return 0;
}

static int compose(struct composition *c, const struct source *source, uint32_t n_layers, struct error *err)
{
    c->layers = calloc(n_layers, sizeof(*c->layers));
    if (c->layers == NULL)
        return error_errno(err, "compose an image");
    for (uint32_t i = 0; i < n_layers; i++)
        c->layers[i] = source->layers[i].layer;
    if (tree_merge(c->layers, n_layers, &c->tree, err) != 0)
        return -1;
    tree_map_owners(&c->tree, &source->uids, &source->gids);
    if (find_visible(c, err) != 0 || ext2_plan_init(&c->plan, &c->tree, err) != 0)
        return -1;
    return ext2_emit(&c->plan, &c->meta, err);
}

int composition_init(struct composition *composition, const struct source *source, uint32_t n_layers,
                     struct error *err)
{
    *composition = COMPOSITION_NONE;
    if (compose(composition, source, n_layers, err) != 0) {
        composition_release(composition);
        return -1;
    }
    return 0;
}

int composition_add_pack(const struct composition *composition, uint32_t layer, uint32_t file,
                         struct extent_list *list, struct error *err)
{
    const struct composition *c = composition;
    const struct layer *l = &c->layers[layer];
    uint64_t from = 0, to = 0; /* blocks of the pack that are seen, in one piece */

    for (uint32_t i = 0; i < l->n_entries; i++) {
        uint64_t n = c->visible[layer][i] ? layer_entry_blocks(l, i) : 0;
        const struct layer_entry *e = &l->entries[i];
        bool is_sparse = (e->flags & LAYER_SPARSE) != 0;
        uint64_t block = is_sparse && e->n > 0 ? l->segments[e->first].pack_block : e->block;
        if (n == 0)
            continue;
        if (block != to) {
            if (ext2_emit_pack_extents(&c->plan, layer, from, to - from, file, from, list, err) != 0)
                return -1;
            from = block;
        }
        to = block + n;
    }
    return ext2_emit_pack_extents(&c->plan, layer, from, to - from, file, from, list, err);
}

uint64_t composition_capacity(const struct composition *composition)
{
    return composition->plan.n_blocks * EXT2_BLOCK_SIZE;
}

void composition_release(struct composition *composition)
{
    for (uint32_t i = 0; composition->visible != NULL && i < composition->tree.n_layers; i++)
        free(composition->visible[i]);
    free(composition->visible);
    ext2_meta_release(&composition->meta);
    ext2_plan_release(&composition->plan);
    tree_release(&composition->tree);
    free(composition->layers);
    *composition = COMPOSITION_NONE;
}
