/* SPDX-License-Identifier: Apache-2.0 */
/* The packs in a store. */
#ifndef STORAGE_PACK_STORE_H
#define STORAGE_PACK_STORE_H

#include "pack.h"
#include "source.h"
#include "store.h"

/* Opens the pack of a key; *out_fd = -1 when the store has none. */
int pack_store_open(const struct store *store, const char *key, int *out_fd, struct error *err);

/* Gives a pack that was written its name, and opens it for reading only; the file is released in any case.
 * That somebody else has published it meanwhile is no failure. */
int pack_store_publish(const struct store *store, struct atomic_file *file, const char *key, int *out_fd,
                       struct error *err);

/* Opens the pack of a layer, and builds it when the store has none; whoever else builds it is waited for.
 * Also ensures that the layer has its table. *out_built (may be NULL): it was built here. */
int pack_store_ensure(const struct store *store, struct source_layer *layer, int *out_fd, bool *out_built,
                      struct error *err);

/*
 * Checks a pack against its digests, once after each boot; later calls trust the mark that the first has
 * left. Damage is ERROR_INPUT and names the pack.
 */
int pack_store_check(const struct store *store, const char *key, int fd, struct error *err);

#endif
