/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents that say which images there are and of which layers they consist: those of the OCI image
 * specification (image-layout.md, image-index.md, manifest.md, config.md), and the records that engines keep
 * of their own stores. What an engine's record looks like is that engine's business and may grow: members
 * that are not read here are skipped, and those that are read are checked.
 */
#ifndef OCI_SPEC_IMAGE_DOCUMENTS_H
#define OCI_SPEC_IMAGE_DOCUMENTS_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stddef.h>
#include <stdint.h>

/* Larger documents are ERROR_INPUT. The records of an engine with ten thousand layers have some 10 MiB. */
#define IMAGE_DOCUMENT_SIZE_MAX (64u << 20)

/* A digest in text: "sha256:" and 64 lower-case hexadecimal digits. Documents with other digests are refused.
 */
#define IMAGE_DIGEST_PREFIX "sha256:"
#define IMAGE_DIGEST_LENGTH 71

/* Everything that is read from documents belongs to one of these, and goes with it. */
struct image_documents;

/* NULL: no memory, err says so. */
struct image_documents *image_documents_new(struct error *err);

/* Accepts NULL. */
void image_documents_free(struct image_documents *documents);

/* For _cleanup_(image_documents_freep). */
static inline void image_documents_freep(struct image_documents **documents)
{
    image_documents_free(*documents);
}

/* --- the OCI image specification --- */

struct image_platform {
    const char *architecture; /* Go's names; NULL: not said */
    const char *os;
};

/* A reference to a blob (descriptor.md). */
struct image_descriptor {
    const char *media_type; /* NULL: not said */
    const char *digest;
    uint64_t size;
    struct image_platform platform;
    struct config_map annotations;
};

/* An index or a manifest: which of them follows from what it has. */
struct image_manifest {
    const struct image_descriptor *manifests; /* of an index */
    size_t n_manifests;
    struct image_descriptor config; /* of a manifest; digest NULL: it is an index */
    const struct image_descriptor *layers;
    size_t n_layers;
};

/* Reads an index or a manifest. */
int image_documents_manifest(struct image_documents *documents, const char *json, size_t size,
                             struct image_manifest *out, struct error *err);

/* Reads the file "oci-layout" (image-layout.md). ERROR_REFUSED: it is of another version than 1. */
int image_documents_layout(struct image_documents *documents, const char *json, size_t size,
                           struct error *err);

/* What a configuration (config.md) says about the root file system. */
struct image_config {
    struct config_strings diff_ids; /* digests of the layers' uncompressed archives, lowest first */
    const char *working_dir;        /* absolute; NULL: not said */
};

int image_documents_config(struct image_documents *documents, const char *json, size_t size,
                           struct image_config *out, struct error *err);

/* --- the records of engines --- */

/* An image as its engine knows it. */
struct image_record {
    const char *id;              /* 64 hexadecimal digits, without a prefix */
    struct config_strings names; /* may be empty */
    const char *layer;           /* containers-storage: the id of its topmost layer, or NULL */
};

struct image_records {
    const struct image_record *items;
    size_t n;
};

/* DRIVER-images/images.json of containers-storage. */
int image_documents_images(struct image_documents *documents, const char *json, size_t size,
                           struct image_records *out, struct error *err);

/* image/DRIVER/repositories.json of docker. An id stands in it once, with all its names but those by digest.
 */
int image_documents_repositories(struct image_documents *documents, const char *json, size_t size,
                                 struct image_records *out, struct error *err);

struct layer_record {
    const char *id;          /* 64 hexadecimal digits */
    const char *parent;      /* the same; NULL: the lowest */
    const char *diff_digest; /* of its uncompressed archive; NULL: not known */
};

struct layer_records {
    const struct layer_record *items;
    size_t n;
};

/* DRIVER-layers/layers.json of containers-storage. */
int image_documents_layers(struct image_documents *documents, const char *json, size_t size,
                           struct layer_records *out, struct error *err);

#endif
