/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a root file system is made of: a stack of directories with a key each. The key says that two layers
 * hold the same; that a layer has no lasting identity costs the time to look at its files' metadata, no more.
 */
#ifndef STORAGE_SOURCE_H
#define STORAGE_SOURCE_H

#include "layer.h"
#include "storage/image.h"

struct source_layer {
    int dirfd;   /* -1: it is in no directory */
    int pack_fd; /* its pack, held open so that no collector takes it; -1: not */
    char *path;  /* for messages */
    char key[DIGEST_TEXT_SIZE];
    struct layer_scan_options options;
    struct layer layer; /* when has_table */
    bool has_table;
    bool is_lasting;                 /* nobody writes into the directory any more, and key says so */
    bool needs_merged_view;          /* has_table, and it has marks that only the kernel reads */
    struct image_progress *progress; /* of what is packed; NULL: nobody wants to know */
    int64_t newest_ns;               /* of a layer whose key is a fingerprint of times: the latest change */
};

struct source {
    struct source_layer *layers; /* lowest first */
    uint32_t n_layers;
    struct image_id_map uids; /* how the container sees the files' owners; the caller's, and its to set */
    struct image_id_map gids;
    int collect_lock; /* held shared when packs are needed that no image has yet; else -1 */
};

#define SOURCE_NONE ((struct source){.n_layers = 0, .collect_lock = -1})

/*
 * Finds the layers of the root file system at a path: of an overlay mount those that it was mounted from,
 * else the directory itself. Does not read layers that engines keep and never change: their place is their
 * identity.
 */
int source_open(const char *rootfs, struct source *out, struct error *err);

/* As source_open, and takes the tree as it is seen, as one layer. */
int source_open_merged(const char *rootfs, struct source *out, struct error *err);

/* Adds one of the directories of an overlay mount on top, by an absolute path. */
int source_add_overlay_dir(struct source *source, const char *path, bool is_upper, struct error *err);

/* Adds a layer on top that has a table, no contents and no directory. Takes over what layer holds, also when
 * it fails. what names the layer in messages. */
int source_add_table(struct source *source, const char *what, struct layer *layer, struct error *err);

/* Adds a layer on top that has nothing but a name, for messages, yet. */
int source_add_named(struct source *source, const char *name, struct source_layer **out, struct error *err);

/* The key of a layer that is known by something of that kind. */
void source_derive_key(const char *kind, const void *identity, size_t size, char key[DIGEST_TEXT_SIZE]);

/* Ensures that a layer's table is there, by a scan. */
int source_layer_scan(struct source_layer *layer, struct error *err);

/* Checks that a layer whose key says what is in it still holds that, after it was read: ERROR_STATE when it
 * was changed meanwhile. */
int source_layer_check(const struct source_layer *layer, struct error *err);

/* Adds the id maps to the digest of what they are part of. */
void source_add_id_maps(const struct source *source, struct digest *digest);

/* Accepts SOURCE_NONE and half-built ones. */
void source_release(struct source *source);

#endif
