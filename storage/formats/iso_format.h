/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 9660 on disk (ECMA-119): most numbers stand there twice, little-endian and then big-endian. */
#ifndef STORAGE_ISO_FORMAT_H
#define STORAGE_ISO_FORMAT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define ISO_SECTOR_SIZE       2048u
#define ISO_SECTORS_PER_BLOCK 2u
#define ISO_FIRST_SECTOR      16u  /* of the volume descriptors */
#define ISO_RECORD_MAX        254u /* bytes of a directory record */
#define ISO_DIRS_MAX          65535u

struct iso_both16 {
    uint16_t le, be;
} __attribute__((packed));

struct iso_both32 {
    uint32_t le, be;
} __attribute__((packed));

struct iso_record {
    uint8_t size; /* of the record; even */
    uint8_t extended_size;
    struct iso_both32 sector;
    struct iso_both32 data_size;
    uint8_t date[7];
    uint8_t flags;
    uint8_t unit_size, gap_size;
    struct iso_both16 volume;
    uint8_t name_size; /* the name follows, padded to an even end */
} __attribute__((packed));
_Static_assert(sizeof(struct iso_record) == 33, "layout");

enum iso_flag { ISO_DIRECTORY = 0x02 };

struct iso_path_entry {
    uint8_t name_size;
    uint8_t extended_size;
    uint32_t sector;
    uint16_t parent; /* the name follows, padded to an even end */
} __attribute__((packed));
_Static_assert(sizeof(struct iso_path_entry) == 8, "layout");

struct iso_volume {
    uint8_t type; /* 1: primary, 2: supplementary (Joliet), 255: the end of the descriptors */
    char magic[5];
    uint8_t version;
    uint8_t flags;
    uint8_t system[32];
    uint8_t volume[32];
    uint8_t zero_1[8];
    struct iso_both32 n_sectors;
    uint8_t escapes[32];
    struct iso_both16 set_size, sequence, block_size;
    struct iso_both32 path_size;
    uint32_t path_le, path_le_2, path_be, path_be_2;
    struct iso_record root;
    uint8_t root_name;
    uint8_t texts[3 * 128 + 128 + 3 * 37]; /* set, publisher, preparer, application; names of files */
    uint8_t created[17], modified[17], expires[17], effective[17];
    uint8_t structure_version;
    uint8_t zero_2[1166];
} __attribute__((packed));
_Static_assert(sizeof(struct iso_volume) == ISO_SECTOR_SIZE, "layout");

static inline struct iso_both16 iso_both16(uint16_t value)
{
    return (struct iso_both16){htole16(value), htobe16(value)};
}

static inline struct iso_both32 iso_both32(uint32_t value)
{
    return (struct iso_both32){htole32(value), htobe32(value)};
}

#endif
