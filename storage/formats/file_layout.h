/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the contents of files stand in an image of a file system that keeps every file in one piece (FAT, ISO
 * 9660), in blocks from the start of the image's data area.
 *
 * First the layers' packs, each in one piece, so that they can be mapped; then room for files that no pack
 * holds as they are shown: sparse ones, and further names of a file where the file system knows no links.
 * These take room in the image and none on the disk, as their extents point into the packs too.
 */
#ifndef STORAGE_FILE_LAYOUT_H
#define STORAGE_FILE_LAYOUT_H

#include "extent_list.h"
#include "tree.h"
#include "tree_path.h"

enum file_layout_links {
    FILE_LAYOUT_SHARE, /* the names of one file have one place; symlinks are none of ours */
    FILE_LAYOUT_COPY   /* every name has a place of its own, also a symlink that leads to a file */
};

struct file_layout {
    const struct tree *tree;
    enum file_layout_links links;
    uint64_t *bases;  /* of each layer: where its pack starts */
    uint64_t *firsts; /* of each node that shows a file with contents */
    uint32_t *shown;  /* of each node: the regular file that it shows, or TREE_NOWHERE */
    uint64_t n_blocks;
};

#define FILE_LAYOUT_NONE ((struct file_layout){.tree = NULL})

/* Lays out the files of a tree, which must outlive the layout. */
int file_layout_init(struct file_layout *layout, const struct tree *tree, enum file_layout_links links,
                     struct error *err);

/* The entry that has the contents that a node shows; the node must show a file. */
const struct layer_entry *file_layout_contents(const struct file_layout *layout, uint32_t node);

/*
 * Adds the extents of everything that stands in a pack, when the data area starts at block first of the image
 * and data file 1 + i is the pack of layer i. Layers from n_packs on have none: what they show has no extent.
 */
int file_layout_extents(const struct file_layout *layout, uint64_t first, uint32_t n_packs,
                        struct extent_list *list, struct error *err);

/* Accepts FILE_LAYOUT_NONE. */
void file_layout_release(struct file_layout *layout);

#endif
