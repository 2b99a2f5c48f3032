/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a fingerprint is the fingerprint of: changes when the scan learns to see more. */
#define KEY_VERSION 1

/* Two changes within one tick of the clock leave the same time on a file (at most 10 ms, with HZ=100). */
#define TICK_NS  20000000ll
#define NS_PER_S 1000000000ll

static void derive_key(const char *kind, const void *identity, size_t size, char key[DIGEST_TEXT_SIZE])
{
    struct digest digest;
    uint8_t raw[DIGEST_SIZE];
    const uint64_t version = KEY_VERSION;

    digest_init(&digest);
    digest_add(&digest, &version, sizeof(version));
    digest_add_field(&digest, kind, strlen(kind));
    digest_add_field(&digest, identity, size);
    digest_finish(&digest, raw);
    digest_format(raw, key);
}

static bool is_settled(int64_t newest_ns)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec - newest_ns > TICK_NS ||
           newest_ns > now.tv_sec * NS_PER_S + NS_PER_S;
}

int source_layer_scan(struct source_layer *layer, struct error *err)
{
    struct layer_scan_result result = {.needs_merged_view = false};
    if (layer->has_table)
        return 0;
    if (layer_scan(layer->dirfd, layer->path, &layer->options, &layer->layer, &result, err) != 0)
        return -1;
    layer->has_table = true;
    if (!layer->is_lasting) {
        derive_key("fingerprint", result.fingerprint, DIGEST_SIZE, layer->key);
        layer->newest_ns = result.newest_ns;
    }
    return 0;
}

/* Scans a layer whose key is a fingerprint. A file that was changed a moment ago may change again and keep
 * its time: then the scan is repeated when that cannot be any more. */
static int fingerprint(struct source_layer *layer, struct error *err)
{
    if (source_layer_scan(layer, err) != 0)
        return -1;
    if (is_settled(layer->newest_ns))
        return 0;
    nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
    layer_release(&layer->layer);
    layer->has_table = false;
    return source_layer_scan(layer, err);
}

static int add_layer(struct source *source, const char *path, struct source_layer **out, struct error *err)
{
    struct source_layer *grown = reallocarray(source->layers, source->n_layers + 1, sizeof(*grown));
    if (grown == NULL)
        return error_errno(err, "list the layers");
    source->layers = grown;
    struct source_layer *layer = &grown[source->n_layers++];
    *layer = (struct source_layer){.dirfd = -1};
    layer->path = strdup(path);
    if (layer->path == NULL)
        return error_errno(err, "list the layers");
    *out = layer;
    return fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &layer->dirfd, err);
}

int source_open(const char *rootfs, struct source *out, struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    struct source_layer *layer = NULL;

    if (add_layer(&source, rootfs, &layer, err) != 0 || fingerprint(layer, err) != 0)
        return -1;
    *out = source;
    source = SOURCE_NONE;
    return 0;
}

void source_release(struct source *source)
{
    for (uint32_t i = 0; i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        layer_release(&layer->layer);
        cleanup_close(&layer->dirfd);
        free(layer->path);
    }
    free(source->layers);
    *source = SOURCE_NONE;
}
