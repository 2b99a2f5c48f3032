/* SPDX-License-Identifier: Apache-2.0 */
#include "image_engine.h"
#include "image_progress.h"

#include "base/cleanup.h"

#include <string.h>

/* Prepares the image of a stack, without a word. */
static int prepare(struct store *store, const struct engine *engine, const struct engine_image *image,
                   enum image_format format, bool is_json, struct image *out, struct error *err)
{
    struct engine_tops tops;
    if (image->problem.kind != ERROR_NONE) {
        *err = image->problem;
        return -1;
    }
    engine_tops_init(&tops, engine->kind, image);
    const struct image_stack stack = {.dirs = (const char *const *)image->dirs,
                                      .n_dirs = image->n_dirs,
                                      .tops = tops.tops,
                                      .n_tops = tops.n};
    struct image_request request = {.rootfs = image->name, .format = format, .stack = &stack};
    struct progress_display *display = progress_display_begin(image->name, is_json, &request.progress);
    int result = image_prepare(store, &request, out, err);
    progress_display_end(display);
    return result;
}

int image_engine_prepare(struct store *store, const struct engine *engine, const struct engine_image *image,
                         enum image_format format, struct image_report *report, bool *out_failed,
                         struct error *err)
{
    _cleanup_(image_release) struct image prepared = IMAGE_NONE;
    struct error failure = {.kind = ERROR_NONE};

    image_report_begin(report);
    *out_failed = prepare(store, engine, image, format, report->is_json, &prepared, &failure) < 0;
    if (*out_failed)
        return image_report_failed(report, image->name, &failure, err);
    return image_report_ready(report, image->name, &prepared, err);
}

int image_engine_prepare_all(struct store *store, const struct engine *engine, enum image_format format,
                             struct image_report *report, size_t *out_n_failed, struct error *err)
{
    _cleanup_(engine_images_release) struct engine_images images = ENGINE_IMAGES_NONE;
    *out_n_failed = 0;
    if (engine_list(engine, &images, err) < 0)
        return -1;
    for (size_t i = 0; i < images.n; i++) {
        bool failed;
        if (!images.items[i].is_named)
            continue;
        if (image_engine_prepare(store, engine, &images.items[i], format, report, &failed, err) < 0)
            return -1;
        *out_n_failed += failed;
    }
    return 0;
}
