/* SPDX-License-Identifier: Apache-2.0 */
#include "image_archive.h"

#include "archive_entry.h"
#include "base/atomic_file.h"
#include "base/cleanup.h"
#include "image_object.h"
#include "layer_open.h"
#include "pack.h"
#include "tree_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CAPACITY_ALIGN 4096

struct archive {
    const struct source *source;
    const struct image_request *request;
    struct layer *layers; /* borrowed from the source */
    struct tree tree;
    struct archive_sink sink;
    bool *patch_done; /* of each patch: written in the place of a node */
    uint32_t n_entries;
};

static void archive_release(struct archive *a)
{
    free(a->layers);
    free(a->patch_done);
    tree_release(&a->tree);
    archive_sink_release(&a->sink);
}

static int write_header(struct archive *a, struct archive_entry *entry, struct error *err)
{
    entry->number = ++a->n_entries;
    return a->request->format == IMAGE_TAR ? archive_tar_header(&a->sink, entry, err)
                                           : archive_cpio_header(&a->sink, entry, err);
}

static int end_contents(struct archive *a, struct error *err)
{
    return archive_sink_pad(&a->sink, a->request->format == IMAGE_TAR ? 512 : 4, err);
}

static int write_patch(struct archive *a, const struct image_patch *patch, struct archive_entry *entry,
                       struct error *err)
{
    entry->target = "";
    entry->size = patch->size;
    if (write_header(a, entry, err) != 0 || archive_sink_add(&a->sink, patch->data, patch->size, err) != 0)
        return -1;
    return end_contents(a, err);
}

static int write_file(struct archive *a, const struct tree_node *node, struct archive_entry *entry,
                      struct error *err)
{
    _cleanup_close_ int fd = -1;
    const struct layer *layer = &a->layers[node->layer];
    entry->size = layer->entries[node->entry->link].size;
    if (write_header(a, entry, err) != 0)
        return -1;
    if (entry->size == 0)
        return 0;
    const struct source_layer *from = &a->source->layers[node->layer];
    if (from->dirfd < 0) {
        /* A layer that was never unpacked: its contents are in its pack. */
        uint64_t off = layer->entries[node->entry->link].block * LAYER_BLOCK_SIZE;
        if (archive_sink_copy(&a->sink, from->pack_fd, off, entry->size, err) != 0)
            return -1;
    } else if (layer_open_file(from->dirfd, layer, node->entry->link, &fd, err) != 0 ||
               archive_sink_copy(&a->sink, fd, 0, entry->size, err) != 0) {
        return -1;
    }
    return end_contents(a, err);
}

static int write_node(struct archive *a, uint32_t number, struct error *err)
{
    const struct tree_node *node = &a->tree.nodes[number];
    char path[PATH_MAX], target[PATH_MAX] = "";
    /* The format has no type for them. */
    if (S_ISSOCK(node->entry->mode) && a->request->format == IMAGE_TAR)
        return 0;
    if (tree_path_of(&a->tree, number, path, err) != 0)
        return -1;

    uint32_t file = number;
    if (S_ISLNK(node->entry->mode)) {
        const char *text = a->layers[node->layer].strings + node->entry->target;
        if (node->entry->target_size >= sizeof(target))
            return error_set(err, ERROR_REFUSED, "the symlink '%s' has too long a target", path);
        memcpy(target, text, node->entry->target_size);
        if (a->request->format == IMAGE_TAR)
            file = tree_path_follow(&a->tree, number);
        if (file == TREE_NOWHERE || !S_ISREG(a->tree.nodes[file].entry->mode))
            file = number;
    }
    const struct tree_node *shown = &a->tree.nodes[file];
    _cleanup_(tree_xattrs_release) struct tree_xattrs xattrs = TREE_XATTRS_NONE;
    if (a->request->format == IMAGE_TAR && tree_xattrs_init(&xattrs, &a->tree, file, err) != 0)
        return -1;
    struct archive_entry entry = {.path = path,
                                  .target = S_ISLNK(shown->entry->mode) ? target : "",
                                  .mode = shown->entry->mode,
                                  .uid = shown->uid,
                                  .gid = shown->gid,
                                  .major = shown->entry->major,
                                  .minor = shown->entry->minor,
                                  .mtime = shown->mtime,
                                  .xattrs = &xattrs};
    for (size_t i = 0; i < a->request->n_patches; i++) {
        if (strcmp(a->request->patches[i].path + 1, path) != 0 || S_ISDIR(entry.mode))
            continue;
        a->patch_done[i] = true;
        entry.mode = S_IFREG | (S_ISREG(entry.mode) ? entry.mode & 07777 : 0644);
        return write_patch(a, &a->request->patches[i], &entry, err);
    }
    return S_ISREG(shown->entry->mode) ? write_file(a, shown, &entry, err) : write_header(a, &entry, err);
}

/* Whether a directory is in the tree, or came with an earlier patch. */
static bool has_dir(const struct archive *a, size_t patch, const char *path, size_t size)
{
    if (tree_path_resolve(&a->tree, 0, path, size) != TREE_NOWHERE)
        return true;
    for (size_t i = 0; i < patch; i++)
        if (!a->patch_done[i] && strncmp(a->request->patches[i].path + 1, path, size) == 0 &&
            a->request->patches[i].path[1 + size] == '/')
            return true;
    return false;
}

/* Adds a file that the tree does not have, with the directories that lack on the way. */
static int add_patch(struct archive *a, size_t number, struct error *err)
{
    const struct image_patch *patch = &a->request->patches[number];
    char path[PATH_MAX];
    size_t size = strlen(patch->path);
    if (patch->path[0] != '/' || size < 2 || size > sizeof(path) || patch->path[size - 1] == '/')
        return error_set(err, ERROR_REFUSED, "put '%s' into the image: the path names no file", patch->path);
    memcpy(path, patch->path + 1, size);
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/' || has_dir(a, number, path, i))
            continue;
        path[i] = '\0';
        struct archive_entry dir = {.path = path, .target = "", .mode = S_IFDIR | 0755};
        if (write_header(a, &dir, err) != 0)
            return -1;
        path[i] = '/';
    }
    struct archive_entry entry = {.path = path, .mode = S_IFREG | 0644};
    return write_patch(a, patch, &entry, err);
}

static int write_archive(struct archive *a, struct error *err)
{
    for (uint32_t i = 1; i < a->tree.n_nodes; i++)
        if (write_node(a, i, err) != 0)
            return -1;
    for (size_t i = 0; i < a->request->n_patches; i++)
        if (!a->patch_done[i] && add_patch(a, i, err) != 0)
            return -1;
    int failed =
        a->request->format == IMAGE_TAR ? archive_tar_end(&a->sink, err) : archive_cpio_end(&a->sink, err);
    if (failed != 0 || archive_sink_pad(&a->sink, CAPACITY_ALIGN, err) != 0)
        return -1;
    return archive_sink_flush(&a->sink, err);
}

int image_archive_write(const struct store *store, struct source *source, const struct image_request *request,
                        const char *key, struct error *err)
{
    _cleanup_(archive_release) struct archive a = {
        .source = source, .request = request, .sink = ARCHIVE_SINK_NONE};
    _cleanup_(atomic_file_release) struct atomic_file file = ATOMIC_FILE_NONE;
    _cleanup_(extent_list_release) struct extent_list extents = EXTENT_LIST_NONE;

    a.layers = calloc(source->n_layers, sizeof(*a.layers));
    a.patch_done = calloc(request->n_patches + 1, sizeof(*a.patch_done));
    if (a.layers == NULL || a.patch_done == NULL)
        return error_errno(err, "write an archive");
    for (uint32_t i = 0; i < source->n_layers; i++) {
        if (source_layer_scan(&source->layers[i], err) != 0)
            return -1;
        a.layers[i] = source->layers[i].layer;
    }
    if (tree_merge(a.layers, source->n_layers, &a.tree, err) != 0)
        return -1;
    tree_map_owners(&a.tree, &source->uids, &source->gids);
    if (atomic_file_begin(&file, store->img_fd, 0444, err) != 0 ||
        archive_sink_init(&a.sink, file.fd, err) != 0 || write_archive(&a, err) != 0 ||
        extent_list_add(&extents, 0, a.sink.written / EXTENT_ALIGN, 0, 0, err) != 0)
        return -1;
    const struct image_parts parts = {.format = request->format,
                                      .capacity = a.sink.written,
                                      .meta_file = &file,
                                      .meta_size = a.sink.written,
                                      .extents = &extents};
    return image_object_publish(store, key, &parts, err);
}
