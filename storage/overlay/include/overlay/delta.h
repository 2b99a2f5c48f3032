/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delta file: what was written to a block device over its image, page by page, for the next time that the
 * image is opened with it. It is sparse: pages that were never written take no room.
 *
 *     struct delta_header   padded to DELTA_PAGE bytes
 *     the bitmap            a bit for each page of the device, the lowest of a byte first; whole pages of it
 *     the pages             each at its place
 *
 * A page counts once its bit is set, and its bit is set once the page is on the disk. So whatever is lost in
 * between, a write that had returned is there, and of one that had not, each page is old or new as a disk's
 * sectors would be.
 */
#ifndef OVERLAY_DELTA_H
#define OVERLAY_DELTA_H

#include "base/error.h"
#include "overlay/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELTA_PAGE    4096u
#define DELTA_MAGIC   0x31544c4459524857ull /* "WHRYDLT1" */
#define DELTA_VERSION 1u

struct delta_header {
    uint64_t magic;
    uint32_t version;
    uint32_t pad;      /* 0 */
    uint64_t capacity; /* bytes of the device */
    char image[72];    /* the key of the image that it belongs to, NUL-terminated */
    char owner[4000];  /* for messages: whose writes these are, NUL-terminated */
};
_Static_assert(sizeof(struct delta_header) == DELTA_PAGE, "layout");

/* A delta file, open. No function but delta_open() and delta_release() allocates or maps. */
struct delta {
    int fd; /* the caller's */
    uint64_t n_pages;
    uint64_t n_present;
    uint64_t n_present_max; /* more pages are not taken */
    unsigned char *present; /* the bitmap */
    unsigned char *bytes;   /* the pages, mapped; those that are not present must not be read */
    uint64_t data_off;
    unsigned char scratch[DELTA_PAGE];
};

/* Where the bitmap and the pages stand for a device of so many bytes. */
uint64_t delta_bitmap_offset(void);
uint64_t delta_data_offset(uint64_t capacity);

/* Checks the header's form, and that it is for a device of capacity bytes. ERROR_INPUT. */
int delta_check_header(const struct delta_header *header, uint64_t capacity, struct error *err);

/* Opens a delta file for reading and writing; fd stays the caller's, and open until the release. limit: bytes
 * that it may come to have, besides those that it has; 0: any number. ERROR_INPUT: it is damaged. */
int delta_open(int fd, uint64_t capacity, uint64_t limit, struct delta *out, struct error *err);

/* How many bytes from off on, at most len, are alike: all in the delta (*out_present), or none. */
size_t delta_run(const struct delta *delta, uint64_t off, size_t len, bool *out_present);

/* Writes len bytes at off and has them on the disk (pwritev2(2) with RWF_DSYNC). base is the image, whole
 * pages of it. */
enum overlay_result delta_write(struct delta *delta, uint64_t off, const void *buf, size_t len,
                                const unsigned char *base);

/* Accepts a zeroed struct. */
void delta_release(struct delta *delta);

#endif
