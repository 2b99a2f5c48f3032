/* SPDX-License-Identifier: Apache-2.0 */
/* Files of an OCI layout (image-layout.md), which containerd's content store is too: blobs named by their
 * digests, in a directory or in a tar archive that is not compressed. */
#ifndef BLOB_H
#define BLOB_H

#include "base/error.h"
#include "oci-spec/image_documents.h"

/* A file in an archive. */
struct blob_place {
    char name[80]; /* longer names are none of a layout's */
    uint64_t off, size;
};

struct blob_store {
    const char *path;          /* the caller's: the folder that holds "blobs"; or the archive */
    struct blob_place *places; /* of an archive: sorted by name; NULL: it is a folder */
    size_t n_places;
};

#define BLOB_STORE_NONE ((struct blob_store){.path = NULL})

/* Opens the layout at a path, which must stay. ERROR_INPUT: the file is no archive. */
int blob_store_open(const char *path, struct blob_store *out, struct error *err);

/* Accepts BLOB_STORE_NONE. */
void blob_store_release(struct blob_store *store);

/* Reads a file, "index.json"; *out is the caller's to free(3). */
int blob_store_read(const struct blob_store *store, const char *name, char **out, size_t *out_size,
                    struct error *err);

/* Finds out where a blob is, without looking at it: *out_path is the caller's to free(3), *out_off where it
 * begins in that file. ERROR_INPUT: it is not there, or of another size than the descriptor says. */
int blob_store_find(const struct blob_store *store, const struct image_descriptor *descriptor,
                    char **out_path, uint64_t *out_off, struct error *err);

/*
 * Reads the manifest of a digest; if that is an index, the manifest in it that is for this machine. What was
 * read is compared with its digest: ERROR_INPUT names a blob that is damaged.
 */
int blob_read_manifest(const struct blob_store *store, const char *digest, struct image_documents *documents,
                       struct image_manifest *out, struct error *err);

/* Reads the configuration that a manifest names. */
int blob_read_config(const struct blob_store *store, const struct image_manifest *manifest,
                     struct image_documents *documents, struct image_config *out, struct error *err);

/* Whether something is for this machine; what says nothing is for all. */
bool blob_is_for_here(const struct image_platform *platform);

#endif
