/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an image has its slots (slot_layer.h), and what else has to be written when one is filled: sizes in
 * directories, chains in a FAT. The table stands at the end of the image's generated part, beyond what its
 * extents map. Filling slots reads the table alone, so it costs the same for every image.
 */
#ifndef STORAGE_SLOT_TABLE_H
#define STORAGE_SLOT_TABLE_H

#include "base/error.h"
#include "storage/image.h"

#include <stddef.h>
#include <stdint.h>

enum slot_field_kind {
    SLOT_SIZE = 1,     /* the file's size: 4 bytes, little-endian */
    SLOT_SIZE_BOTH,    /* the same little-endian and then big-endian, 8 bytes */
    SLOT_CLUSTER_LOW,  /* the low half of the number of the first cluster; 0 for an empty file */
    SLOT_CLUSTER_HIGH, /* the high half */
    SLOT_CHAIN_16,     /* the links of a FAT16 for the file's clusters */
    SLOT_CHAIN_32      /* of a FAT32 */
};

/* Something in the image that follows from how large the file is. */
struct slot_field {
    uint64_t off;
    uint32_t kind;  /* enum slot_field_kind */
    uint32_t value; /* CLUSTER, CHAIN: the first cluster */
};

/* One for each patch of the request that the image was built for, in its order. */
struct slot {
    uint64_t off;      /* of the contents in the image */
    uint64_t capacity; /* bytes; 0: a later patch has the place */
};

struct slot_table {
    struct slot *slots;
    uint32_t n_slots;
    struct slot_field *fields;
    uint32_t *owners; /* of each field: its slot */
    uint32_t n_fields;
    size_t room;
};

#define SLOT_TABLE_NONE ((struct slot_table){.slots = NULL})

int slot_table_init(struct slot_table *table, uint32_t n_slots, struct error *err);

int slot_table_add_field(struct slot_table *table, uint32_t slot, const struct slot_field *field,
                         struct error *err);

/* The table as bytes, to be free(3)d by the caller. */
int slot_table_encode(const struct slot_table *table, void **out_data, size_t *out_size, struct error *err);

/* Accepts SLOT_TABLE_NONE. */
void slot_table_release(struct slot_table *table);

/*
 * Makes the patches that fill an image's slots; meta_fd is its generated part, whose table is read as
 * untrusted bytes. *out_fd is the caller's: a sealed memory file.
 */
int slot_table_fill(int meta_fd, const struct image_patch *patches, size_t n_patches, int *out_fd,
                    struct error *err);

#endif
