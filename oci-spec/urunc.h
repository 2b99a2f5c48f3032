/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What urunc's metadata says: annotations com.urunc.unikernel.* and the file /urunc.json with the same keys.
 * Their values are plain or Base64, depending on which tool wrote them.
 */
#ifndef URUNC_H
#define URUNC_H

#include "arena.h"
#include "base/error.h"
#include "oci-spec/unikernel.h"

#include <stdbool.h>
#include <stddef.h>

/* What was found: enough to say, once all sources are merged, whether something is missing. */
struct urunc_found {
    bool is_there;  /* at least one of the two sources */
    bool names_hvt; /* the hypervisor is given, and is the one that we are */
};

/*
 * Reads both sources into *unikernel: of each key the annotation if there is one, else the file's. json is
 * the file's content, NULL for none. Everything lives in the arena. With neither source, nothing changes.
 */
int urunc_read(struct arena *arena, const struct config_map *annotations, const char *json, size_t size,
               struct unikernel *unikernel, struct urunc_found *out_found, struct error *err);

/* After all sources are merged: an error when urunc's metadata was there but was only half of what is needed.
 */
int urunc_check_complete(const struct urunc_found *found, const struct unikernel *unikernel,
                         struct error *err);

#endif
