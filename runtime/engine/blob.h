/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in a folder of blobs named by their digests: of an OCI layout, of containerd's content store. */
#ifndef BLOB_H
#define BLOB_H

#include "base/error.h"
#include "oci-spec/image_documents.h"

/*
 * Reads the manifest of a digest; if that is an index, the manifest in it that is for this machine. blobs is
 * the folder that holds "sha256". What was read is compared with its digest: ERROR_INPUT names a blob that is
 * damaged.
 */
int blob_read_manifest(const char *blobs, const char *digest, struct image_documents *documents,
                       struct image_manifest *out, struct error *err);

/* Reads the configuration that a manifest names. */
int blob_read_config(const char *blobs, const struct image_manifest *manifest,
                     struct image_documents *documents, struct image_config *out, struct error *err);

#endif
