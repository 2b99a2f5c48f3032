/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small files that an engine mounts over the root file system (/etc/hosts, /etc/hostname,
 * /etc/resolv.conf, /run/.containerenv, single files of config maps): read, to be patched into the guest's
 * image.
 */
#ifndef PATCHES_H
#define PATCHES_H

#include "base/error.h"
#include "oci-spec/config.h"
#include "storage/image.h"

#include <stddef.h>

/* A larger file is a volume, and not patched in. */
#define PATCHES_FILE_MAX (1u << 20)

struct patches {
    struct image_patch *items; /* data is the patches' own, path the configuration's */
    size_t n;
};

#define PATCHES_NONE ((struct patches){.items = NULL})

/*
 * Reads the bind mounts of regular files. What the guest will not see (directories, large files) is said in
 * the log, unless it is one of those that engines mount into every container.
 */
int patches_collect(const struct config *config, struct patches *out, struct error *err);

void patches_release(struct patches *patches);

#endif
