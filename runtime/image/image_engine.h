/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing what engines have. */
#ifndef IMAGE_ENGINE_H
#define IMAGE_ENGINE_H

#include "engine.h"
#include "image_report.h"

#include "storage/image.h"

struct store;

/* What is wanted of all of them. */
struct image_engine_wish {
    enum image_format format;
    enum engine_kind only_for; /* of a layout: the engine whose containers it is for; ENGINE_COUNT: of each */
    struct image_report *report;
};

/* Prepares the image of one of an engine's images, and tells. A failure that concerns this image alone is
 * told and is no failure of the call; *out_failed says so. */
int image_engine_prepare(struct store *store, const struct engine *engine, const struct engine_image *image,
                         const struct image_engine_wish *wish, bool *out_failed, struct error *err);

/* Prepares all of an engine's images that have a name (others are steps of builds). *out_n_failed counts
 * those that could not be. */
int image_engine_prepare_all(struct store *store, const struct engine *engine,
                             const struct image_engine_wish *wish, size_t *out_n_failed, struct error *err);

#endif
