/* SPDX-License-Identifier: Apache-2.0 */
#include "image_engine.h"
#include "engine_archives.h"
#include "image_progress.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stack of an engine's image, as storage wants it. */
struct stack {
    const char **dirs;
    struct image_archive *archives;
    struct engine_tops tops;
    struct image_stack stack;
};

static void stack_release(struct stack *stack)
{
    free(stack->dirs);
    free(stack->archives);
}

static int stack_init(struct stack *stack, const struct engine_image *image, enum engine_kind kind,
                      struct error *err)
{
    stack->dirs = calloc(image->n_dirs + 1, sizeof(*stack->dirs));
    stack->archives = calloc(image->n_archives + 1, sizeof(*stack->archives));
    if (stack->dirs == NULL || stack->archives == NULL)
        return error_errno(err, "prepare '%s'", image->name);
    for (size_t i = 0; i < image->n_dirs; i++)
        stack->dirs[i] = image->dirs[i].path;
    for (size_t i = 0; i < image->n_archives; i++) {
        const struct engine_archive *archive = &image->archives[i];
        stack->archives[i] = (struct image_archive){.name = archive->name,
                                                    .path = archive->path,
                                                    .off = archive->off,
                                                    .size = archive->size,
                                                    .digest = archive->digest,
                                                    .diff_id = archive->diff_id,
                                                    .compression = archive->compression};
    }
    engine_tops_init(&stack->tops, kind, image);
    stack->stack = (struct image_stack){.dirs = stack->dirs,
                                        .n_dirs = image->n_dirs,
                                        .archives = stack->archives,
                                        .n_archives = image->n_archives,
                                        .tops = stack->tops.tops,
                                        .n_tops = stack->tops.n};
    return 0;
}

/* Prepares the image for the containers of one kind of engine, without a word. */
static int prepare(struct store *store, const struct engine_image *image, enum engine_kind kind,
                   const struct image_engine_wish *wish, struct image *out, struct error *err)
{
    _cleanup_(engine_archives_release) struct engine_archives archives = ENGINE_ARCHIVES_NONE;
    _cleanup_(stack_release) struct stack stack = {.dirs = NULL};
    const struct image_archives asked = engine_archives_for(&archives);
    if (image->problem.kind != ERROR_NONE) {
        *err = image->problem;
        return -1;
    }
    if (stack_init(&stack, image, kind, err) < 0)
        return -1;
    struct image_request request = {
        .rootfs = image->name, .format = wish->format, .stack = &stack.stack, .archives = &asked};
    struct progress_display *display =
        progress_display_begin(image->name, wish->report->is_json, &request.progress);
    int result = image_prepare(store, &request, out, err);
    progress_display_end(display);
    return result;
}

static int prepare_for(struct store *store, const struct engine_image *image, enum engine_kind kind,
                       const char *name, const struct image_engine_wish *wish, bool *out_failed,
                       struct error *err)
{
    _cleanup_(image_release) struct image prepared = IMAGE_NONE;
    struct error failure = {.kind = ERROR_NONE};

    image_report_begin(wish->report);
    *out_failed = prepare(store, image, kind, wish, &prepared, &failure) < 0;
    if (*out_failed)
        return image_report_failed(wish->report, image->name, &failure, err);
    return image_report_ready(wish->report, name, &prepared, err);
}

int image_engine_prepare(struct store *store, const struct engine *engine, const struct engine_image *image,
                         const struct image_engine_wish *wish, bool *out_failed, struct error *err)
{
    if (engine->kind != ENGINE_LAYOUT)
        return prepare_for(store, image, engine->kind, image->name, wish, out_failed, err);
    *out_failed = false;
    for (int i = 0; i < ENGINE_COUNT && !*out_failed; i++) {
        _cleanup_free_ char *name = NULL;
        if (wish->only_for != ENGINE_COUNT && wish->only_for != (enum engine_kind)i)
            continue;
        if (asprintf(&name, "%s for %s", image->name, engine_name((enum engine_kind)i)) < 0) {
            name = NULL;
            return error_errno(err, "prepare '%s'", image->name);
        }
        if (prepare_for(store, image, (enum engine_kind)i, name, wish, out_failed, err) < 0)
            return -1;
    }
    return 0;
}

int image_engine_prepare_all(struct store *store, const struct engine *engine,
                             const struct image_engine_wish *wish, size_t *out_n_failed, struct error *err)
{
    _cleanup_(engine_images_release) struct engine_images images = ENGINE_IMAGES_NONE;
    *out_n_failed = 0;
    if (engine_list(engine, &images, err) < 0)
        return -1;
    for (size_t i = 0; i < images.n; i++) {
        bool failed;
        if (!images.items[i].is_named)
            continue;
        if (image_engine_prepare(store, engine, &images.items[i], wish, &failed, err) < 0)
            return -1;
        *out_n_failed += failed;
    }
    return 0;
}
