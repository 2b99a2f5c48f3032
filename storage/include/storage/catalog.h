/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a whole: what is in it, whether it is sound, and letting go of what nobody needs. All of this
 * is safe beside any number of processes that build and open images.
 */
#ifndef STORAGE_CATALOG_H
#define STORAGE_CATALOG_H

#include "storage/image.h"
#include "storage/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct catalog_image {
    char key[STORE_KEY_SIZE];
    enum image_format format;
    uint64_t capacity;     /* bytes that a guest sees */
    uint64_t meta_bytes;   /* of its own on disk */
    uint64_t pack_bytes;   /* of its packs on disk */
    uint64_t shared_bytes; /* of these, in packs that other images have too */
    uint32_t n_packs;
    int64_t created;   /* seconds since 1970 */
    int64_t last_used; /* the same, to the day: when it was opened last */
    bool is_in_use;    /* somebody has it open */
};

/* The images of a store, sorted by key; *out is the caller's to free(3). Damaged ones are left out: see
 * catalog_verify(). */
int catalog_list(struct store *store, struct catalog_image **out, size_t *out_n, struct error *err);

/* One image by its key, or by the start of a key that only one image has. ERROR_NOT_FOUND, ERROR_INPUT. */
int catalog_find(struct store *store, const char *key, struct catalog_image *out, struct error *err);

/* A pack of an image. */
struct catalog_pack {
    char key[STORE_KEY_SIZE];
    uint64_t bytes;    /* on disk */
    uint32_t n_images; /* that have it */
};

/* The packs of an image in the order of its data files; *out is the caller's to free(3). ERROR_NOT_FOUND. */
int catalog_packs(struct store *store, const char *key, struct catalog_pack **out, size_t *out_n,
                  struct error *err);

/* The processes that have an image open, as far as /proc shows them; *out is the caller's to free(3). */
int catalog_users(struct store *store, const char *key, pid_t **out, size_t *out_n, struct error *err);

/* What catalog_verify tells about one object: kind is "image" or "pack"; err is NULL when it is sound. */
typedef void (*catalog_report)(void *context, const char *kind, const char *key, const struct error *err);

/* Reads everything and compares it with its digests. Succeeds whatever it finds; *out_n_damaged counts. */
int catalog_verify(struct store *store, catalog_report report, void *context, size_t *out_n_damaged,
                   struct error *err);

/* Removes an image, damaged or not. ERROR_STATE: it is in use. Its packs go with the next collection. */
int catalog_remove(struct store *store, const char *key, struct error *err);

struct catalog_collected {
    size_t n_images;
    size_t n_packs;
    size_t n_leftovers;   /* of processes that died */
    uint64_t freed_bytes; /* on disk */
    bool is_partial;      /* builds were running: packs and leftovers have to wait */
};

/* What a collection leaves. */
struct catalog_limits {
    int64_t min_age;    /* seconds: what was used since stays */
    uint64_t max_bytes; /* on disk: the store is not made smaller than that, and what was used last stays
                           longest */
};

/* Removes images that are not in use, and the packs that no image needs any more. */
int catalog_collect(struct store *store, const struct catalog_limits *limits, struct catalog_collected *out,
                    struct error *err);

/* Writes all of an open image, with its patches, to a file; what reads as zeros becomes holes. */
int catalog_export(const struct image *image, int fd, struct error *err);

/* Opens an image by its key. ERROR_NOT_FOUND. */
int catalog_open(struct store *store, const char *key, struct image *out, struct error *err);

#endif
