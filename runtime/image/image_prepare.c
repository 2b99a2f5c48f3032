/* SPDX-License-Identifier: Apache-2.0 */
#include "image_command.h"
#include "image_engine.h"
#include "image_progress.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int prepare_dir(const struct image_call *call, const char *dir, enum image_format format,
                       struct image_report *report, struct error *err)
{
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    struct image_request request = {.rootfs = dir, .format = format};
    struct stat st;

    if (stat(dir, &st) < 0)
        return error_errno(err, "find the root file system '%s' (an engine's images are named with --from)",
                           dir);
    image_report_begin(report);
    struct progress_display *display = progress_display_begin(dir, call->is_json, &request.progress);
    int result = image_prepare(call->store, &request, &image, err);
    progress_display_end(display);
    if (result < 0)
        return -1;
    return image_report_ready(report, dir, &image, err);
}

/* The named images of an engine. */
static int prepare_named(const struct image_call *call, const struct engine *engine,
                         const struct image_engine_wish *wish, size_t *n_failed, struct error *err)
{
    _cleanup_(engine_images_release) struct engine_images images = ENGINE_IMAGES_NONE;
    if (engine_list(engine, &images, err) < 0)
        return -1;
    for (int i = 0; i < call->n_args; i++) {
        const struct engine_image *image;
        bool failed;
        if (engine_find(&images, call->args[i], &image, err) < 0 ||
            image_engine_prepare(call->store, engine, image, wish, &failed, err) < 0)
            return -1;
        *n_failed += failed;
    }
    return 0;
}

static int prepare_from(const struct image_call *call, struct image_engine_wish *wish, struct error *err)
{
    _cleanup_(engine_release) struct engine engine = ENGINE_NONE;
    const char *only_for = call->options->only_for;
    size_t n_failed = 0;
    int result;

    if (call->options->wants_all == (call->n_args > 0))
        return error_set(err, ERROR_USAGE, "\"image prepare --from\" wants names of images, or --all");
    wish->only_for = ENGINE_COUNT;
    if (only_for != NULL && !engine_kind_find(only_for, &wish->only_for))
        return error_set(err, ERROR_USAGE, "\"%s\" is no engine: podman, containerd or docker", only_for);
    if (engine_open(call->options->from, &engine, err) < 0)
        return -1;
    if (only_for != NULL && engine.kind != ENGINE_LAYOUT)
        return error_set(err, ERROR_USAGE, "--for goes with an OCI layout: '%s' is %s's", engine.dir,
                         engine_name(engine.kind));
    if (call->options->wants_all)
        result = image_engine_prepare_all(call->store, &engine, wish, &n_failed, err);
    else
        result = prepare_named(call, &engine, wish, &n_failed, err);
    if (result < 0)
        return -1;
    if (n_failed > 0)
        return error_set(err, ERROR_INPUT, "%zu images could not be prepared", n_failed);
    return EXIT_SUCCESS;
}

int image_prepare_command(const struct image_call *call, struct error *err)
{
    struct image_report report = {.is_json = call->is_json};
    enum image_format format;

    if (image_format_find(call->options->as, &format, err) < 0)
        return -1;
    if (call->options->from != NULL)
        return prepare_from(call, &(struct image_engine_wish){.format = format, .report = &report}, err);
    if (call->n_args == 0 || call->options->wants_all || call->options->only_for != NULL)
        return error_set(err, ERROR_USAGE,
                         "\"image prepare\" wants root file systems, or --from and an engine");
    for (int i = 0; i < call->n_args; i++)
        if (prepare_dir(call, call->args[i], format, &report, err) < 0)
            return -1;
    return EXIT_SUCCESS;
}
