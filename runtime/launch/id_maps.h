/* SPDX-License-Identifier: Apache-2.0 */
/* How the container sees the owners of files: the id maps of its user namespace, as images want them. */
#ifndef ID_MAPS_H
#define ID_MAPS_H

#include "base/error.h"
#include "oci-spec/config.h"
#include "storage/image.h"

struct id_maps {
    struct image_id_map uids; /* the ranges are the maps' own */
    struct image_id_map gids;
};

#define ID_MAPS_NONE ((struct id_maps){.uids = {.ranges = NULL}})

/*
 * Takes the maps from the configuration; of a user namespace that is joined by /proc/PID/ns/user, from that
 * process. Without a user namespace, and when what it maps cannot be known, the maps are empty.
 */
int id_maps_load(const struct config *config, struct id_maps *out, struct error *err);

/* Accepts ID_MAPS_NONE. */
void id_maps_release(struct id_maps *maps);

#endif
