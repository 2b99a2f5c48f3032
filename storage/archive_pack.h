/* SPDX-License-Identifier: Apache-2.0 */
/* Packs from the archives of layers, as registries and layouts have them. */
#ifndef STORAGE_ARCHIVE_PACK_H
#define STORAGE_ARCHIVE_PACK_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/*
 * Ensures that the store has the pack of an archive, and opens it. The archive is read once, from its file:
 * size and digest are compared, what it decompresses to is compared with the diff id, and its entries are put
 * together as layer_archive_read() says. Nothing is unpacked. ERROR_INPUT: it is not what it should be; the
 * store is then as before.
 */
int archive_pack_ensure(const struct store *store, const struct image_archive *archive,
                        struct image_progress *progress, int *out_fd, struct error *err);

/* The key of such a pack. */
void archive_pack_key(const char *diff_id, char key[STORE_KEY_SIZE]);

/* Whether packs were made from archives at all, in any store as old as it may be. */
bool archive_pack_any(const struct store *store);

/* Forgets the archives whose packs are gone. */
void archive_pack_sweep(const struct store *store);

#endif
