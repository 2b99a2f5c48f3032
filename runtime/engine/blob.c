/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "storage_reader.h"

#include <string.h>
#include <sys/utsname.h>

/* An index may name indexes; more levels than this are none of an image's. */
#define INDEX_DEPTH_MAX 4

static int read_blob(const char *blobs, const char *digest, char **out, size_t *out_size, struct error *err)
{
    const char *hex = digest + strlen(IMAGE_DIGEST_PREFIX);
    uint8_t found[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    if (storage_read(blobs, out, out_size, err, "sha256/%s", hex) < 0)
        return -1;
    digest_of(*out, *out_size, found);
    digest_format(found, text);
    if (strcmp(text, hex) != 0)
        return error_set(err, ERROR_INPUT, "the blob '%s/sha256/%s' is damaged", blobs, hex);
    return 0;
}

/* The machine in the names of Go. */
static const char *architecture(void)
{
    static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};
    static struct utsname name;
    if (uname(&name) == 0)
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strcmp(name.machine, names[i][0]) == 0)
                return names[i][1];
    return name.machine;
}

/* An entry without a platform is for every machine. */
static const struct image_descriptor *choose(const struct image_manifest *index)
{
    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct image_platform *platform = &index->manifests[i].platform;
        if ((platform->architecture == NULL || strcmp(platform->architecture, architecture()) == 0) &&
            (platform->os == NULL || strcmp(platform->os, "linux") == 0))
            return &index->manifests[i];
    }
    return NULL;
}

int blob_read_manifest(const char *blobs, const char *digest, struct image_documents *documents,
                       struct image_manifest *out, struct error *err)
{
    for (int depth = 0; depth < INDEX_DEPTH_MAX; depth++) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (read_blob(blobs, digest, &text, &size, err) < 0)
            return -1;
        if (image_documents_manifest(documents, text, size, out, err) < 0)
            return error_wrap(err, "the manifest '%s'", digest);
        if (out->config.digest != NULL)
            return 0;
        const struct image_descriptor *chosen = choose(out);
        if (chosen == NULL)
            return error_set(err, ERROR_INPUT, "the index '%s' has no image for linux on %s", digest,
                             architecture());
        digest = chosen->digest;
    }
    return error_set(err, ERROR_INPUT, "the index '%s' is too deep", digest);
}

int blob_read_config(const char *blobs, const struct image_manifest *manifest,
                     struct image_documents *documents, struct image_config *out, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (read_blob(blobs, manifest->config.digest, &text, &size, err) < 0)
        return -1;
    if (image_documents_config(documents, text, size, out, err) < 0)
        return error_wrap(err, "the configuration '%s'", manifest->config.digest);
    return 0;
}
