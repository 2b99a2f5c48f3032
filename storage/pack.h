/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack: the contents of one layer's regular files in one file, each from a block boundary on, in the order
 * of the layer's entries; after them the layer's table (layer_encode) and a trailer with digests. Images map
 * the contents; who builds an image of a packed layer reads the table and not the layer.
 *
 * Stems (image_stem.h) have the same form: blocks, a table that says which they are, and the trailer.
 */
#ifndef STORAGE_PACK_H
#define STORAGE_PACK_H

#include "base/atomic_file.h"
#include "layer_copy.h"

enum pack_kind { PACK_LAYER, PACK_STEM };

/* The last bytes of a pack. */
struct pack_trailer {
    uint64_t magic;
    uint32_t version;
    uint32_t kind;                        /* enum pack_kind */
    uint64_t n_blocks;                    /* of contents, from offset 0 */
    uint64_t table_size;                  /* bytes after the contents */
    uint8_t contents_digest[DIGEST_SIZE]; /* of the digests of its chunks (layer_copy.h), in order */
    uint8_t table_digest[DIGEST_SIZE];
    uint8_t digest[DIGEST_SIZE]; /* of the trailer up to here */
};

/* Copies the contents of a layer's files, and its table, into a file that was just begun, at its start. A
 * file that is no longer as the scan saw it is ERROR_STATE. what names the layer in messages. */
int pack_write(int out_fd, const struct layer_copy_source *source, const char *what, struct error *err);

/* Writes a table and the trailer behind n_blocks blocks whose chunks have these digests. */
int pack_write_table(int fd, enum pack_kind kind, uint64_t n_blocks, const uint8_t (*digests)[DIGEST_SIZE],
                     const void *table, size_t table_size, struct error *err);

/* Reads the trailer and the table, which is the caller's to free(3), of a pack of that kind. */
int pack_load_table(int fd, enum pack_kind kind, struct pack_trailer *out, void **out_table,
                    struct error *err);

/* Reads a layer's table from its pack; the layer is the caller's. Damage is ERROR_INPUT. */
int pack_load(int fd, struct layer *out, struct error *err);

/* Checks everything in a pack against its digests. Damage is ERROR_INPUT. */
int pack_verify(int fd, struct error *err);

#endif
