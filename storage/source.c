/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "mountinfo.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define MOUNTINFO_PATH "/proc/self/mountinfo"
#define MOUNTINFO_MAX  (64u << 20)

/* An upper layer up to here is known by what is in it, so that two containers of one image share theirs. */
#define SMALL_ENTRIES 256
#define SMALL_BYTES   (1u << 20)

/* Goes into every layer's key: changes when the scan learns to see more, or packs get another form. */
#define KEY_VERSION 6

/* Two changes within one tick of the clock leave the same time on a file (at most 10 ms, with HZ=100). */
#define TICK_NS  20000000ll
#define NS_PER_S 1000000000ll

void source_derive_key(const char *kind, const void *identity, size_t size, char key[DIGEST_TEXT_SIZE])
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
    layer->options.has_identity = layer->is_lasting;
    if (layer_scan(layer->dirfd, layer->path, &layer->options, &layer->layer, &result, err) != 0)
        return -1;
    layer->has_table = true;
    layer->needs_merged_view = result.needs_merged_view;
    if (!layer->is_lasting) {
        source_derive_key("fingerprint", result.fingerprint, DIGEST_SIZE, layer->key);
        layer->newest_ns = result.newest_ns;
    }
    return 0;
}

int source_layer_check(const struct source_layer *layer, struct error *err)
{
    struct source_layer again = {.dirfd = layer->dirfd, .path = layer->path, .options = layer->options};
    /* Made up, and in no directory; or never changed. */
    if (layer->dirfd < 0 || layer->is_lasting)
        return 0;
    if (source_layer_scan(&again, err) != 0)
        return -1;
    layer_release(&again.layer);
    if (strcmp(again.key, layer->key) != 0)
        return error_set(err, ERROR_STATE, "'%s' was changed while it was read", layer->path);
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

int source_add_named(struct source *source, const char *name, struct source_layer **out, struct error *err)
{
    struct source_layer *grown = reallocarray(source->layers, source->n_layers + 1, sizeof(*grown));
    if (grown == NULL)
        return error_errno(err, "list the layers");
    source->layers = grown;
    struct source_layer *layer = &grown[source->n_layers++];
    *layer = (struct source_layer){.dirfd = -1, .pack_fd = -1};
    layer->path = strdup(name);
    if (layer->path == NULL)
        return error_errno(err, "list the layers");
    *out = layer;
    return 0;
}

static int add_layer(struct source *source, const char *path, struct source_layer **out, struct error *err)
{
    if (source_add_named(source, path, out, err) != 0)
        return -1;
    return fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &(*out)->dirfd, err);
}

/* How engines name the directories of layers that are complete; "*" stands for one name. */
static const char *const lasting_places[] = {
    "/overlay/*/diff",                                       /* containers-storage: podman, CRI-O, buildah */
    "/overlay2/*/diff",                                      /* docker */
    "/io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs" /* containerd */
};

static bool ends_like(const char *path, const char *pattern)
{
    const char *p = path + strlen(path), *q = pattern + strlen(pattern);
    while (q > pattern) {
        q--;
        if (*q == '*') {
            const char *end = p;
            while (p > path && p[-1] != '/')
                p--;
            if (p == end)
                return false;
        } else if (p == path || *--p != *q) {
            return false;
        }
    }
    return true;
}

/* Docker's "-init" layer belongs to one container and holds what docker mounts files on. */
static bool is_init_layer(const char *path)
{
    return ends_like(path, "/overlay2/*-init/diff");
}

static bool is_lasting_place(const char *path)
{
    for (size_t i = 0; i < sizeof(lasting_places) / sizeof(lasting_places[0]); i++)
        if (ends_like(path, lasting_places[i]) && !is_init_layer(path))
            return true;
    return false;
}

/* Gives a layer that nobody changes its key, from where it is and since when. False: the file system does not
 * tell. */
static bool identify(struct source_layer *layer)
{
    struct statx stx;
    struct statfs fs;
    struct {
        fsid_t fsid;
        uint64_t ino;
        int64_t seconds;
        uint64_t nanoseconds;
        char path[PATH_MAX];
    } identity = {.ino = 0};

    if (statx(layer->dirfd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &stx) != 0 ||
        (stx.stx_mask & STATX_BTIME) == 0 || fstatfs(layer->dirfd, &fs) != 0 ||
        strlen(layer->path) >= sizeof(identity.path))
        return false;
    identity.fsid = fs.f_fsid;
    identity.ino = stx.stx_ino;
    identity.seconds = stx.stx_btime.tv_sec;
    identity.nanoseconds = stx.stx_btime.tv_nsec;
    strcpy(identity.path, layer->path);
    source_derive_key("directory", &identity, sizeof(identity), layer->key);
    layer->is_lasting = true;
    return true;
}

/* Containers-storage mounts idmapped layers here for as long as it takes to mount the overlay on them: later
 * the directory is empty, and what it showed cannot be had but by the overlay. */
static bool is_gone_place(const char *path)
{
    return ends_like(path, "/overlay/*/mapped/*");
}

int source_add_overlay_dir(struct source *source, const char *path, bool is_upper, struct error *err)
{
    char real[PATH_MAX];
    struct source_layer *layer = NULL;

    if (realpath(path, real) == NULL)
        return error_errno(err, "find the layer '%s'", path);
    if (is_gone_place(real))
        return error_set(err, ERROR_REFUSED, "the layer '%s' was mounted for a moment only", real);
    if (add_layer(source, real, &layer, err) != 0)
        return -1;
    layer->options.is_overlay = true;
    if (is_upper || is_init_layer(real)) {
        layer->options.small_entries = SMALL_ENTRIES;
        layer->options.small_bytes = SMALL_BYTES;
    } else if (is_lasting_place(real) && identify(layer)) {
        return 0;
    }
    return fingerprint(layer, err);
}

int source_add_table(struct source *source, const char *what, struct layer *layer, struct error *err)
{
    struct source_layer *added = NULL;
    struct digest digest;
    uint8_t fingerprint[DIGEST_SIZE];

    if (source_add_named(source, what, &added, err) != 0) {
        layer_release(layer);
        return -1;
    }
    digest_init(&digest);
    for (uint32_t i = 0; i < layer->n_entries; i++)
        layer_entry_digest(layer, i, &digest);
    layer_xattrs_digest(layer, &digest);
    digest_finish(&digest, fingerprint);
    source_derive_key("fingerprint", fingerprint, DIGEST_SIZE, added->key);
    added->layer = *layer;
    added->has_table = true;
    *layer = LAYER_NONE;
    return 0;
}

/* Adds a directory as the mount has it: relative names start at base. */
static int add_overlay_layer(struct source *source, const char *base, const char *name, bool is_upper,
                             struct error *err)
{
    char path[PATH_MAX];
    int n = name[0] == '/' ? snprintf(path, sizeof(path), "%s", name)
                           : snprintf(path, sizeof(path), "%s/%s", base, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return error_set(err, ERROR_REFUSED, "the layer '%.200s' has too long a path", name);
    return source_add_overlay_dir(source, path, is_upper, err);
}

/* Podman mounts with paths relative to the directory that holds its layers' directories when there are many.
 */
static int add_stack(struct source *source, const struct overlay_stack *stack, struct error *err)
{
    char base[PATH_MAX];
    snprintf(base, sizeof(base), "%s/../..", stack->mount_point);
    for (size_t i = stack->n_lowers; i > 0; i--)
        if (add_overlay_layer(source, base, stack->lowers[i - 1], false, err) != 0)
            return -1;
    return stack->upper == NULL ? 0 : add_overlay_layer(source, base, stack->upper, true, err);
}

/* Looks the mount up that a directory is the root of; OVERLAY_STACK_NONE when it is no overlay. */
static int find_overlay(int dirfd, struct overlay_stack *out, struct error *err)
{
    _cleanup_close_ int fd = -1;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    struct statx stx;
    struct statfs fs;

    *out = OVERLAY_STACK_NONE;
    if (fstatfs(dirfd, &fs) != 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC ||
        statx(dirfd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) != 0 || (stx.stx_mask & STATX_MNT_ID) == 0 ||
        (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return 0;
    if (fd_open(AT_FDCWD, MOUNTINFO_PATH, O_RDONLY, 0, &fd, err) != 0 ||
        fd_read_all(fd, MOUNTINFO_MAX, &text, &size, MOUNTINFO_PATH, err) != 0)
        return -1;
    return mountinfo_find_overlay(text, size, stx.stx_mnt_id, out, err);
}

int source_open_merged(const char *rootfs, struct source *out, struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    struct source_layer *layer = NULL;
    if (add_layer(&source, rootfs, &layer, err) != 0 || fingerprint(layer, err) != 0)
        return -1;
    *out = source;
    source = SOURCE_NONE;
    return 0;
}

int source_open(const char *rootfs, struct source *out, struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    _cleanup_(overlay_stack_release) struct overlay_stack stack = OVERLAY_STACK_NONE;
    _cleanup_close_ int dirfd = -1;
    struct error ignored;

    if (fd_open(AT_FDCWD, rootfs, O_RDONLY | O_DIRECTORY, 0, &dirfd, err) != 0 ||
        find_overlay(dirfd, &stack, err) != 0)
        return -1;
    /* Layers out of reach (another mount namespace) cost the time to read the merged tree. */
    if (stack.n_lowers == 0 || add_stack(&source, &stack, &ignored) != 0)
        return source_open_merged(rootfs, out, err);
    for (uint32_t i = 0; i < source.n_layers; i++)
        if (source.layers[i].needs_merged_view)
            return source_open_merged(rootfs, out, err);
    *out = source;
    source = SOURCE_NONE;
    return 0;
}

void source_add_id_maps(const struct source *source, struct digest *digest)
{
    const struct image_id_map *maps[] = {&source->uids, &source->gids};
    for (size_t i = 0; i < 2; i++) {
        const uint64_t n = maps[i]->n;
        digest_add(digest, &n, sizeof(n));
        if (n > 0)
            digest_add(digest, maps[i]->ranges, n * sizeof(*maps[i]->ranges));
    }
}

void source_release(struct source *source)
{
    for (uint32_t i = 0; i < source->n_layers; i++) {
        struct source_layer *layer = &source->layers[i];
        layer_release(&layer->layer);
        cleanup_close(&layer->dirfd);
        cleanup_close(&layer->pack_fd);
        free(layer->path);
    }
    free(source->layers);
    cleanup_close(&source->collect_lock);
    *source = SOURCE_NONE;
}
