/* SPDX-License-Identifier: Apache-2.0 */
/* From which archive an engine has unpacked the directory of a layer, by the engine's own records. */
#ifndef ENGINE_ARCHIVES_H
#define ENGINE_ARCHIVES_H

#include "engine.h"

/* Reads an engine's records when it is asked for the first of its directories. */
struct engine_archives {
    char *dir; /* of the storage whose images these are; NULL: none yet */
    struct engine_images images;
};

#define ENGINE_ARCHIVES_NONE ((struct engine_archives){.dir = NULL})

/* For image_request.archives; archives must stay. */
struct image_archives engine_archives_for(struct engine_archives *archives);

/* Accepts ENGINE_ARCHIVES_NONE. */
void engine_archives_release(struct engine_archives *archives);

#endif
