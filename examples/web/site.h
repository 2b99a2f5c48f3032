/* SPDX-License-Identifier: Apache-2.0 */
/* The files that are served: a folder of the image, with its indexes, and what of it is kept in memory. */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include "kit/fs.h"
#include "request.h"
#include "response.h"

/* The path behind a request: as long as the folder, the target and an index's name. */
#define SITE_PATH_MAX (FS_PATH_MAX + 1)

/* Serves the files below folder, an absolute path. Returns 0, or a negative error number. */
int site_open(const char *device, const char *folder);

/*
 * Finds what a target leads to: a file, the index.html of a directory, or a status without a file. path is
 * the caller's room for SITE_PATH_MAX bytes, which out->path points into; *file is set for status 200.
 */
void site_find(struct slice target, char *path, struct resource *out, struct fs_file *file);

/*
 * The file's bytes from off on: *out_size of them at *out, at least 1, for reading until the next call. off
 * lies inside the file. Returns 0; -ENOMEM when there is no memory at the moment; -EIO when they cannot be
 * read.
 */
int site_read(const struct fs_file *file, uint64_t off, const char **out, size_t *out_size);

#endif
