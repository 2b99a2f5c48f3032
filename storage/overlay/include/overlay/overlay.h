/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block device over an image: what a guest reads and writes, block by block.
 *
 * The extents are mapped once, when the device is opened (mmap(2)); after that a read is a copy out of the
 * page cache that all devices on the same data files share, without a system call, and nothing allocates.
 * Where a guest's writes go is the device's mode. Everything that the image does not cover reads as zeros.
 *
 * The data files must not shrink. When one does all the same, or its disk fails, a copy meets SIGBUS; once
 * overlay_catch_faults() has been called, that is a failed read or write and not the end of the process.
 *
 * A device may be opened while some of its data files still grow (overlay_parts.is_filling). A copy that
 * touches what is not there yet is OVERLAY_IO as well: overlay_wait() says whether to try again.
 *
 * Used by one thread at a time.
 */
#ifndef OVERLAY_OVERLAY_H
#define OVERLAY_OVERLAY_H

#include "base/error.h"
#include "overlay/delta.h"
#include "overlay/extent.h"
#include "overlay/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum overlay_mode {
    OVERLAY_PRIVATE,       /* writes are seen by this device only, and gone when it is released */
    OVERLAY_READ_ONLY,     /* writes fail */
    OVERLAY_WRITE_THROUGH, /* writes go to the data files and are durable when they return */
    OVERLAY_KEPT           /* writes go to a delta file and are durable when they return */
};

/* What a device is made of. The descriptors stay the caller's, and are not needed after overlay_open(),
 * except the data files of OVERLAY_WRITE_THROUGH. Everything that is not set is 0 or NULL. */
struct overlay_parts {
    uint64_t capacity; /* bytes, not 0 */
    enum overlay_mode mode;
    int extents_fd; /* n_extents times struct extent, from offset 0 */
    uint32_t n_extents;
    int patches_fd; /* extent.h; -1: none. Not with OVERLAY_WRITE_THROUGH and OVERLAY_KEPT */
    const int *data_fds;
    size_t n_data_fds;
    int delta_fd;         /* with OVERLAY_KEPT: the delta file (delta.h), for reading and writing */
    uint64_t write_limit; /* OVERLAY_PRIVATE, OVERLAY_KEPT: bytes that writes may take, in pages; 0: any */
    bool is_filling;      /* data files may still grow up to what the extents say ... */
    int filling_fd;       /* ... as long as somebody has the other end of this pipe (its read end) open */
};

struct overlay {
    uint64_t capacity;
    enum overlay_mode mode;
    unsigned char *bytes; /* capacity bytes, rounded up to whole pages */
    size_t mapped;
    struct extent *extents; /* with OVERLAY_WRITE_THROUGH: a copy, sorted by off */
    uint32_t n_extents;
    int *data_fds; /* what is written to, duplicates: the data files with OVERLAY_WRITE_THROUGH */
    size_t n_data_fds;
    struct delta *delta;    /* with OVERLAY_KEPT; bytes is the image without it then */
    unsigned char *touched; /* with OVERLAY_PRIVATE and a limit: a bit for each page that was written */
    uint64_t n_pages_left;  /* that may still be written for the first time */
    bool is_filling;        /* as far as is known, */
    int filling_fd;         /* and the pipe that tells; a duplicate */
};

/*
 * Checks the extents (aligned, sorted, inside the device and inside their files) and the patches, and maps
 * them. ERROR_INPUT when they are not as extent.h says.
 */
int overlay_open(const struct overlay_parts *parts, struct overlay *out, struct error *err);

/* Copies len bytes at off to buf. len may be 0. buf is undefined after a failure. */
enum overlay_result overlay_read(const struct overlay *overlay, uint64_t off, void *buf, size_t len);

/*
 * Writes len bytes at off; buf may lie in overlay->bytes. With OVERLAY_WRITE_THROUGH and OVERLAY_KEPT the
 * bytes have reached the disk (pwritev2(2) with RWF_DSYNC) when it returns; a write into a hole of a device
 * of the first kind is OVERLAY_RANGE, as there is no file to hold it.
 */
enum overlay_result overlay_write(struct overlay *overlay, uint64_t off, const void *buf, size_t len);

/*
 * Waits a moment for a device that is being filled. Returns whether what was not there may be there by now;
 * false: it never will. One system call, ppoll(2) of one descriptor.
 */
bool overlay_wait(struct overlay *overlay);

/* Unmaps and closes. Accepts a zeroed struct. */
void overlay_release(struct overlay *overlay);

/*
 * Makes SIGBUS inside overlay_read() and overlay_write() a result of theirs, for the whole process. Needs no
 * system call after this one, so it works under a seccomp filter. A SIGBUS anywhere else kills the process as
 * before.
 */
int overlay_catch_faults(struct error *err);

/*
 * Who is told of a SIGBUS anywhere else, before it kills the process: another file that is mapped has been
 * cut short. Called by the signal's handler; may end the process.
 */
void overlay_set_other_fault(void (*handler)(void));

#endif
