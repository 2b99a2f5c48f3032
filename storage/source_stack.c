/* SPDX-License-Identifier: Apache-2.0 */
#include "source_stack.h"

#include "base/cleanup.h"
#include "layer_top.h"
#include "pack.h"
#include "pack_store.h"
#include "source_archive.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Overlayfs's marks are trusted.* attributes, which the kernel hides from who has not CAP_SYS_ADMIN; in
 * layers that a user's own engine made they are user.* attributes. A layer read without them would be another
 * one. */
static bool sees_marks(int dirfd)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct stat st;
    if (syscall(SYS_capget, &header, data) == 0 &&
        (data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0)
        return true;
    return geteuid() != 0 && fstat(dirfd, &st) == 0 && st.st_uid == geteuid();
}

/* Reads a layer's table from its pack if there is one. */
static int load_table(const struct store *store, struct source_layer *layer, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (layer->has_table)
        return 0;
    if (pack_store_open(store, layer->key, &fd, err) != 0)
        return -1;
    if (fd < 0)
        return source_layer_scan(layer, err);
    if (pack_load(fd, &layer->layer, err) != 0)
        return error_wrap(err, "read the pack '%s'", layer->key);
    layer->has_table = true;
    return 0;
}

static int add_top(struct source *source, const struct image_top *top, struct error *err)
{
    _cleanup_(tree_release) struct tree below = TREE_NONE;
    _cleanup_free_ struct layer *layers = calloc(source->n_layers + 1, sizeof(*layers));
    struct layer made = LAYER_NONE;
    if (layers == NULL)
        return error_errno(err, "make the topmost layer");
    for (uint32_t i = 0; i < source->n_layers; i++)
        layers[i] = source->layers[i].layer;
    if (tree_merge(layers, source->n_layers, &below, err) != 0 ||
        layer_top_make(&below, top, &made, err) != 0)
        return -1;
    return source_add_table(source, "what the engine adds", &made, err);
}

static int add_archives(struct source *source, const struct store *store, const struct image_stack *stack,
                        struct image_progress *progress, struct error *err)
{
    for (size_t i = 0; i < stack->n_archives && progress != NULL; i++)
        progress->total_bytes += stack->archives[i].size;
    for (size_t i = 0; i < stack->n_archives; i++)
        if (source_add_archive(source, store, &stack->archives[i], progress, err) != 0)
            return -1;
    return 0;
}

static int add_dirs(struct source *source, const struct store *store, const struct image_stack *stack,
                    struct error *err)
{
    for (size_t i = 0; i < stack->n_dirs; i++) {
        if (source_add_overlay_dir(source, stack->dirs[i], false, err) != 0)
            return -1;
        if (!sees_marks(source->layers[i].dirfd))
            return error_set(
                err, ERROR_REFUSED,
                "the marks in the layer '%s' cannot be read without the capability CAP_SYS_ADMIN",
                stack->dirs[i]);
        if (load_table(store, &source->layers[i], err) != 0)
            return -1;
        if (source->layers[i].needs_merged_view)
            return error_set(
                err, ERROR_REFUSED,
                "the layer '%s' has marks that only overlayfs reads: prepare the root file system "
                "of a container instead",
                stack->dirs[i]);
    }
    return 0;
}

int source_open_stack(const struct store *store, const struct image_stack *stack,
                      struct image_progress *progress, struct source *out, struct error *err)
{
    _cleanup_(source_release) struct source source = SOURCE_NONE;
    if (stack->n_dirs + stack->n_archives == 0)
        return error_set(err, ERROR_INPUT, "it has no layers");
    if (add_dirs(&source, store, stack, err) != 0 || add_archives(&source, store, stack, progress, err) != 0)
        return -1;
    for (size_t i = 0; i < stack->n_tops; i++)
        if (add_top(&source, &stack->tops[i], err) != 0)
            return -1;
    *out = source;
    source = SOURCE_NONE;
    return 0;
}
