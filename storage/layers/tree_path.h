/* SPDX-License-Identifier: Apache-2.0 */
/* Names and paths in a merged tree. */
#ifndef STORAGE_TREE_PATH_H
#define STORAGE_TREE_PATH_H

#include "tree.h"

#include <limits.h>

/* A node number that is none. */
#define TREE_NOWHERE UINT32_MAX

/* Writes a node's path, relative to the root, into path; of the root: "". ERROR_REFUSED: it is too long. */
int tree_path_of(const struct tree *tree, uint32_t node, char path[PATH_MAX], struct error *err);

/* The child of that name, or TREE_NOWHERE. dir must be a directory. */
uint32_t tree_path_child(const struct tree *tree, uint32_t dir, const char *name, size_t size);

/* Follows a path from a directory on inside the tree, as a process with the tree as its root would, symlinks
 * included. TREE_NOWHERE: it leads to nothing. */
uint32_t tree_path_resolve(const struct tree *tree, uint32_t dir, const char *path, size_t size);

/* Follows a symlink's node to its end; TREE_NOWHERE. Every other node is its own end. */
uint32_t tree_path_follow(const struct tree *tree, uint32_t node);

#endif
