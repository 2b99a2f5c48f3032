/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files put into an ext2 image for one container: the blocks that change, as patches (overlay/extent.h). The
 * image itself stays as it is. Works on the generated part alone, so it costs the same for every image.
 */
#ifndef STORAGE_EXT2_PATCH_H
#define STORAGE_EXT2_PATCH_H

#include "base/error.h"
#include "ext2_edit.h"
#include "storage/image.h"

/*
 * Makes the patches that put files into an image: each replaces the file at its path, or is added with the
 * directories that lack on the way (owner root, 0644 and 0755). Symlinks on the way, and at its end, are
 * followed as a process in the image would. *out_fd is the caller's: a sealed memory file.
 *
 * The image is read as untrusted bytes; damage is ERROR_INPUT. ERROR_REFUSED: a path that leads nowhere, no
 * room, a file of more than 4 MiB on either side.
 */
int ext2_patch(const struct ext2_source *source, const struct image_patch *patches, size_t n_patches,
               int *out_fd, struct error *err);

#endif
