/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers that came as archives. An image can be made of them before any engine has unpacked them; and a
 * directory that an engine has unpacked such an archive into needs no pack of its own.
 */
#ifndef STORAGE_SOURCE_ARCHIVE_H
#define STORAGE_SOURCE_ARCHIVE_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/* Adds a layer on top that is an archive; its pack is in the store afterwards, and is held open. */
int source_add_archive(struct source *source, const struct store *store, const struct image_archive *archive,
                       struct image_progress *progress, struct error *err);

/*
 * Looks for packs of archives that layers were unpacked from: who asks for the image says which archive that
 * was, and the layer's table must be the archive's. Such a layer takes the pack's key and table; *out_n
 * counts them. Only layers with tables and without packs are looked at.
 */
int source_adopt_archives(struct source *source, const struct store *store,
                          const struct image_archives *archives, size_t *out_n, struct error *err);

#endif
