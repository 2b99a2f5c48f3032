/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that are archives: tar and cpio. Contents and headers alternate, so an archive is one file that
 * shares nothing with others; patches are part of it. Files with several names are written once for each
 * name. In a tar archive a symlink to a file of the tree is written as that file: the guests that read tar
 * (MirageOS's libraries) know no links.
 */
#ifndef STORAGE_IMAGE_ARCHIVE_H
#define STORAGE_IMAGE_ARCHIVE_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/* Writes the archive of a source, with the request's format and patches, and publishes it under a key, which
 * the caller has locked. */
int image_archive_write(const struct store *store, struct source *source, const struct image_request *request,
                        const char *key, struct error *err);

#endif
