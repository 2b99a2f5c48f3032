/* SPDX-License-Identifier: Apache-2.0 */
/* A layer whose files come in any order, on its way to a table in canonical order. */
#ifndef STORAGE_LAYER_DRAFT_H
#define STORAGE_LAYER_DRAFT_H

#include "layer.h"
#include "layer_xattr.h"

#define LAYER_DRAFT_NO_NODE UINT32_MAX

/* What a name leads to. */
struct draft_file {
    uint64_t size, block; /* block: of the contents, in the spool */
    int64_t mtime;
    uint32_t mode, uid, gid, major, minor;
    uint32_t target; /* of a symlink: offset in strings */
    uint32_t flags;  /* enum layer_entry_flags */
    uint16_t target_size;
    struct xattr_set xattrs;
};

/* A name in a directory; several may have the same file. */
struct draft_node {
    uint32_t parent, name, file;
    uint32_t next; /* with the same hash */
    uint16_t name_size;
    bool is_replaced; /* neither it nor what stands below it is part of the layer */
};

struct layer_draft {
    struct draft_node *nodes; /* node 0 is the root */
    size_t n_nodes, nodes_room;
    struct draft_file *files;
    size_t n_files, files_room;
    char *strings;
    size_t strings_size, strings_room;
    uint32_t *buckets;
    size_t n_buckets; /* a power of two */
    uint64_t seed;
};

int layer_draft_init(struct layer_draft *draft, struct error *err);

/* Accepts a draft of zeros. */
void layer_draft_release(struct layer_draft *draft);

/* Adds a text; ERROR_REFUSED beyond 512 MiB of them. */
int layer_draft_add_string(struct layer_draft *draft, const char *text, size_t size, uint32_t *out,
                           struct error *err);

/* Adds a file, whose attributes become the draft's. */
int layer_draft_add_file(struct layer_draft *draft, const struct draft_file *file, uint32_t *out,
                         struct error *err);

/* Adds a name, of file 0 until somebody says otherwise. Its parent does not have that name. */
int layer_draft_add_node(struct layer_draft *draft, uint32_t parent, const char *name, size_t size,
                         uint32_t *out, struct error *err);

/* The node of that name which was not replaced, or LAYER_DRAFT_NO_NODE. */
uint32_t layer_draft_find(const struct layer_draft *draft, uint32_t parent, const char *name, size_t size);

bool layer_draft_is_whiteout(const struct draft_file *file);

/* Makes the table; (*out_blocks)[i] is where the contents of entry i begin in the spool. Both are the
 * caller's, also on failure. */
int layer_draft_make_table(const struct layer_draft *draft, struct layer *layer, uint64_t **out_blocks,
                           struct error *err);

#endif
