/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's storage (github.com/containerd/containerd, metadata/buckets.go, snapshots/storage/bolt.go).
 * Its metadata, io.containerd.metadata.v1.bolt/meta.db, has
 *
 *     v1/NAMESPACE/images/NAME/target/digest      the digest of an index or a manifest
 *     v1/NAMESPACE/snapshots/overlayfs/CHAIN/name the name that the snapshotter knows a layer by
 *
 * and the snapshotter's own, io.containerd.snapshotter.v1.overlayfs/metadata.db, v1/snapshots/NAME/id: the
 * number N of the directory snapshots/N/fs, in Go's variable-length form. The documents are in the content
 * store.
 */
#include "base/cleanup.h"
#include "blob.h"
#include "bolt.h"
#include "storage_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SNAPSHOTTER "overlayfs"
#define METADATA_DB "io.containerd.metadata.v1.bolt/meta.db"
#define SNAPSHOTS   "io.containerd.snapshotter.v1." SNAPSHOTTER
#define CONTENT     "io.containerd.content.v1.content"

struct reading {
    const char *dir;
    struct engine_images *images;
    struct image_documents *documents;
    struct bolt_bucket snapshots; /* v1/snapshots of the snapshotter's database */
    struct bolt_bucket namespace; /* at work */
    struct blob_store blobs;
};

static int open_database(const char *dir, const char *name, struct bolt *out, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return error_errno(err, "read '%s'", name);
    return bolt_open(path, out, err);
}

/* Go's binary.Uvarint. */
static bool parse_uvarint(struct bolt_bytes value, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < value.size && i < 9; i++) {
        *out |= (uint64_t)(value.at[i] & 0x7f) << (7 * i);
        if ((value.at[i] & 0x80) == 0)
            return true;
    }
    return false;
}

/* Follows buckets one into the other; names ends with NULL. */
static int follow(const struct bolt_bucket *from, const char *const *names, struct bolt_bucket *out,
                  bool *out_found, struct error *err)
{
    *out = *from;
    *out_found = true;
    for (size_t i = 0; names[i] != NULL && *out_found; i++) {
        struct bolt_bucket parent = *out;
        if (bolt_find_bucket(&parent, names[i], out, out_found, err) < 0)
            return -1;
    }
    return 0;
}

/* Finds the number of the directory that a layer was unpacked into. */
static int find_snapshot(const struct reading *r, const char *chain, uint64_t *out, struct error *err)
{
    char key[IMAGE_DIGEST_LENGTH + 1];
    snprintf(key, sizeof(key), IMAGE_DIGEST_PREFIX "%s", chain);
    const char *const path[] = {"snapshots", SNAPSHOTTER, key, NULL};
    struct bolt_bucket bucket;
    struct bolt_bytes name = {NULL, 0}, id = {NULL, 0};
    _cleanup_free_ char *text = NULL;
    bool found;

    if (follow(&r->namespace, path, &bucket, &found, err) < 0 ||
        (found && bolt_find(&bucket, "name", &name, err) < 0))
        return -1;
    if (name.at == NULL)
        return error_set(err, ERROR_STATE, "its layer '%s' is not unpacked for the snapshotter " SNAPSHOTTER,
                         key);
    if (bolt_text(name, &text, err) < 0 || bolt_find_bucket(&r->snapshots, text, &bucket, &found, err) < 0 ||
        (found && bolt_find(&bucket, "id", &id, err) < 0))
        return -1;
    if (id.at == NULL || !parse_uvarint(id, out))
        return error_set(err, ERROR_INPUT, "the snapshotter does not know its layer '%s'", text);
    return 0;
}

static int add_layers(const struct reading *r, const struct image_config *config, struct engine_image *image,
                      struct error *err)
{
    char chain[CHAIN_ID_SIZE] = "";
    if (config->diff_ids.n == 0)
        return error_set(err, ERROR_INPUT, "it has no layers");
    for (size_t i = 0; i < config->diff_ids.n; i++) {
        uint64_t number = 0;
        storage_chain_id(chain, config->diff_ids.items[i]);
        if (find_snapshot(r, chain, &number, err) < 0 ||
            storage_add_dir(image, config->diff_ids.items[i], err, "%s/" SNAPSHOTS "/snapshots/%llu/fs",
                            r->dir, (unsigned long long)number) < 0)
            return -1;
    }
    return storage_set_working_dir(image, config->working_dir, err);
}

static int fill_image(const struct reading *r, const char *digest, struct engine_image *image,
                      struct error *err)
{
    struct image_manifest manifest;
    struct image_config config;
    if (blob_read_manifest(&r->blobs, digest, r->documents, &manifest, err) < 0 ||
        blob_read_config(&r->blobs, &manifest, r->documents, &config, err) < 0)
        return -1;
    return add_layers(r, &config, image, err);
}

static int add_image(void *context, struct bolt_bytes key, struct bolt_bytes value, bool is_bucket,
                     struct error *err)
{
    struct reading *r = context;
    static const char *const target[] = {"target", NULL};
    _cleanup_free_ char *name = NULL, *digest = NULL;
    struct bolt_bucket bucket, inner;
    struct bolt_bytes bytes = {NULL, 0};
    bool found;

    if (!is_bucket)
        return 0;
    if (bolt_text(key, &name, err) < 0 || bolt_enter(&r->namespace, value, &bucket, err) < 0 ||
        follow(&bucket, target, &inner, &found, err) < 0 ||
        (found && bolt_find(&inner, "digest", &bytes, err) < 0))
        return -1;
    if (bytes.at == NULL || bolt_text(bytes, &digest, err) < 0)
        return error_set(err, ERROR_INPUT, "the image '%s' has no target", name);
    if (strlen(digest) != IMAGE_DIGEST_LENGTH || strncmp(digest, IMAGE_DIGEST_PREFIX, 7) != 0)
        return error_set(err, ERROR_INPUT, "the image '%s' has the target \"%.80s\"", name, digest);
    struct engine_image *image =
        storage_add_image(r->images, name, digest + strlen(IMAGE_DIGEST_PREFIX), err);
    if (image == NULL)
        return -1;
    if (fill_image(r, digest, image, &image->problem) == 0)
        image->problem.kind = ERROR_NONE;
    return 0;
}

/* A namespace is a bucket beside buckets and values of other kinds; what has no images is none. */
static int add_namespace(void *context, struct bolt_bytes key, struct bolt_bytes value, bool is_bucket,
                         struct error *err)
{
    struct reading *r = context;
    struct bolt_bucket images, v1 = r->namespace;
    bool found = false;
    int result = 0;

    (void)key;
    if (!is_bucket)
        return 0;
    if (bolt_enter(&v1, value, &r->namespace, err) < 0 ||
        bolt_find_bucket(&r->namespace, "images", &images, &found, err) < 0)
        return -1;
    if (found)
        result = bolt_each(&images, add_image, r, err);
    r->namespace = v1;
    return result;
}

static int list_images(struct reading *r, const struct bolt *metadata, const struct bolt *snapshotter,
                       struct error *err)
{
    static const char *const v1[] = {"v1", NULL}, *const snapshots[] = {"v1", "snapshots", NULL};
    const struct bolt_bucket metadata_root = bolt_root(metadata), snapshotter_root = bolt_root(snapshotter);
    bool found;
    if (follow(&snapshotter_root, snapshots, &r->snapshots, &found, err) < 0)
        return -1;
    if (!found) /* nothing was ever unpacked: an empty bucket stands for it */
        r->snapshots = snapshotter_root;
    if (follow(&metadata_root, v1, &r->namespace, &found, err) < 0)
        return -1;
    if (!found)
        return 0;
    const struct bolt_bucket top = r->namespace;
    return bolt_each(&top, add_namespace, r, err) < 0 ? -1 : 0;
}

int containerd_storage_list(const char *dir, struct engine_images *images, struct error *err)
{
    _cleanup_(image_documents_freep) struct image_documents *documents = image_documents_new(err);
    _cleanup_(bolt_release) struct bolt metadata = BOLT_NONE, snapshotter = BOLT_NONE;
    _cleanup_free_ char *content = NULL;

    if (documents == NULL)
        return -1;
    if (asprintf(&content, "%s/" CONTENT, dir) < 0) {
        content = NULL;
        return error_errno(err, "list the images");
    }
    if (open_database(dir, METADATA_DB, &metadata, err) < 0 ||
        open_database(dir, SNAPSHOTS "/metadata.db", &snapshotter, err) < 0)
        return -1;
    struct reading reading = {
        .dir = dir, .images = images, .documents = documents, .blobs = {.path = content}};
    return list_images(&reading, &metadata, &snapshotter, err);
}
