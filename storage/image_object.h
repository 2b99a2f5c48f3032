/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image in the store: the directory img/KEY with
 *
 *   info        struct image_info, the keys of its packs (stems first, then lowest first), and a digest
 *               of both
 *   map         its extents (overlay/extent.h); data file 0 is meta, 1 + i is pack i
 *   meta        the generated part, but for what its stems have of it (image_stem.h)
 *   0, 1, ...   hard links to its packs, so that a pack's link count tells how many images need it
 *
 * It appears whole, by one rename. Whoever has meta open holds a shared flock(2) on it: the lease.
 */
#ifndef STORAGE_IMAGE_OBJECT_H
#define STORAGE_IMAGE_OBJECT_H

#include "base/atomic_file.h"
#include "base/digest.h"
#include "extent_list.h"
#include "storage/image.h"
#include "store.h"

#define IMAGE_PACKS_MAX 1024u

struct image_info {
    uint64_t magic;
    uint32_t version;
    uint32_t format; /* enum image_format */
    uint64_t capacity;
    uint64_t meta_size;
    uint32_t n_extents;
    uint32_t n_packs; /* stems and packs of layers */
    uint32_t n_stems;
    uint32_t pad; /* 0 */
    uint8_t meta_digest[DIGEST_SIZE];
    uint8_t map_digest[DIGEST_SIZE];
};

/* What an image is published from. */
struct image_parts {
    uint32_t format;
    uint64_t capacity;
    const void *meta;              /* in memory, or NULL: */
    struct atomic_file *meta_file; /* a file that was begun in img, and written; it gets its name */
    size_t meta_size;
    const struct extent_list *extents;
    const char (*pack_keys)[DIGEST_TEXT_SIZE]; /* stems first */
    uint32_t n_packs;
    uint32_t n_stems;
};

/* Opens an image and takes its lease; *out stays IMAGE_NONE when the store has none of that key. Checks it
 * against its digests, once after each boot. Damage is ERROR_INPUT and names the image. */
int image_object_open(const struct store *store, const char *key, struct image *out, struct error *err);

/* Publishes an image. That somebody else has published it meanwhile is no failure. */
int image_object_publish(const struct store *store, const char *key, const struct image_parts *parts,
                         struct error *err);

/* Gives an image a second key, if the store has it under the first: both have the same files. */
int image_object_link(const struct store *store, const char *from, const char *to, struct error *err);

/* Reads an image's info and the keys of its packs (to be free(3)d); both are checked in form and digest. */
int image_object_load_info(int dirfd, struct image_info *out, char (**out_keys)[DIGEST_TEXT_SIZE],
                           struct error *err);

/* Checks an image's own files against their digests, whenever that was done last. */
int image_object_check_files(int dirfd, const struct image_info *info, struct error *err);

/* Removes an image's directory, whatever is in it. */
int image_object_remove_dir(const struct store *store, const char *name, struct error *err);

#endif
