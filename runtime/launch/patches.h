/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small files that an engine mounts over the root file system (/etc/hosts, /etc/hostname,
 * /etc/resolv.conf, /run/.containerenv, secrets, config maps): read, to be patched into the guest's image.
 */
#ifndef PATCHES_H
#define PATCHES_H

#include "base/error.h"
#include "storage/image.h"

#include <stddef.h>

struct plan;

/* What a container's files may take together: images keep room for somewhat more (ext2_plan.h). */
#define PATCHES_BLOCKS_MAX 224u /* of 4096 bytes */
#define PATCHES_INODES_MAX 56u

struct patches {
    struct image_patch *items; /* paths and data are the patches' own */
    size_t n, room;
    size_t n_blocks, n_inodes;
};

#define PATCHES_NONE ((struct patches){.items = NULL})

/*
 * Reads the bind mounts of regular files and of directories, unless they are block devices of the guest. A
 * directory is read with what is below it, its symlinks resolved inside it; names that start with ".." are
 * how Kubernetes replaces a whole directory at once, and left out. What the guest will not see is said in the
 * log, unless engines mount it into every container: what is too large, what is neither file nor directory,
 * and a directory where the root file system has files of its own, which it would hide.
 */
int patches_collect(const struct plan *plan, struct patches *out, struct error *err);

void patches_release(struct patches *patches);

#endif
