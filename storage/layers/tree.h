/* SPDX-License-Identifier: Apache-2.0 */
/* The tree that a stack of layers makes: what overlayfs would show, in the canonical order of layer.h. */
#ifndef STORAGE_TREE_H
#define STORAGE_TREE_H

#include "layer.h"
#include "storage/image.h"

struct tree_node {
    const struct layer_entry *entry; /* where name, owner, mode and contents come from */
    const char *name;                /* entry->name_size bytes; of the root: none */
    int64_t mtime;                   /* seconds */
    uint32_t uid, gid;               /* as the container sees them */
    uint32_t layer;                  /* whose entry it is */
    uint32_t parent;                 /* node number; of the root: 0 */
    uint32_t first, n;               /* of a directory: its children */
    uint32_t link;                   /* the first node that is the same file; else the node's own number */
    uint32_t n_links;                /* of a node that is its own link: how many names the file has */
    uint32_t n_parts;                /* of a directory: how many layers' directories it is made of */
    uint32_t lowest_layer;           /* of a directory: the lowest of these layers; else layer */
    uint32_t lowest_entry;           /* and its entry there */
};

struct tree {
    const struct layer *layers; /* the caller's, lowest first; must outlive the tree */
    uint32_t n_layers;
    struct tree_node *nodes; /* node 0 is the root */
    uint32_t n_nodes;
    const struct image_id_map *uids, *gids; /* that the owners went through (tree_map_owners); NULL: none */
};

#define TREE_NONE ((struct tree){.n_nodes = 0})

/* Merges layers[0] (the lowest) to layers[n_layers - 1]. */
int tree_merge(const struct layer *layers, uint32_t n_layers, struct tree *out, struct error *err);

/* Sets the owners to what a container with these id maps sees; what is in no range belongs to the overflow id
 * 65534. An empty map changes nothing. The maps must outlive the tree. */
void tree_map_owners(struct tree *tree, const struct image_id_map *uids, const struct image_id_map *gids);

/* What an id is called in a container with this map; NULL is an empty one. */
uint32_t tree_map_id(const struct image_id_map *map, uint32_t id);

/* Whether it has a name there. */
bool tree_knows_id(const struct image_id_map *map, uint32_t id);

/* A digest of names and metadata, the same for the same tree whatever its files contain. */
void tree_digest(const struct tree *tree, uint8_t out[DIGEST_SIZE]);

/* Accepts TREE_NONE. */
void tree_release(struct tree *tree);

#endif
