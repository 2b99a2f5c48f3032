/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a block image is composed: extents that point into immutable data files, and patches on top of them.
 *
 * This is the whole of what storage tells the monitor about an image: no path, no format, no key. An image's
 * extents are sorted by off, do not overlap and cover [0, capacity) together with holes, which read as zeros.
 */
#ifndef OVERLAY_EXTENT_H
#define OVERLAY_EXTENT_H

#include <stdint.h>

/* Everything in an extent is a multiple of this, so that it can be mapped (mmap(2)). */
#define EXTENT_ALIGN 4096u

struct extent {
    uint64_t off;      /* bytes from the start of the image */
    uint64_t len;      /* bytes, not 0 */
    uint64_t file_off; /* bytes from the start of the data file */
    uint32_t file;     /* which of the image's data files */
    uint32_t flags;    /* none yet: 0 */
};
_Static_assert(sizeof(struct extent) == 32, "layout");

/*
 * A patch: len bytes (not 0) that stand at off in the image instead of what the extents say, for one
 * container only. In a patch file each header is followed by its bytes, padded to 8.
 */
struct extent_patch {
    uint64_t off;
    uint64_t len;
};
_Static_assert(sizeof(struct extent_patch) == 16, "layout");

#endif
