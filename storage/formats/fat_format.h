/* SPDX-License-Identifier: Apache-2.0 */
/* FAT16 and FAT32 on disk (Microsoft, "FAT: General Overview of On-Disk Format", version 1.03), all
 * little-endian; with clusters of 4 KiB. */
#ifndef STORAGE_FAT_FORMAT_H
#define STORAGE_FAT_FORMAT_H

#include <stdint.h>

#define FAT_SECTOR_SIZE         512u
#define FAT_CLUSTER_SIZE        4096u
#define FAT_SECTORS_PER_CLUSTER 8u
#define FAT_FIRST_CLUSTER       2u /* 0 and 1 are no clusters; their links are the media byte and flags */
#define FAT_16_CLUSTERS_MIN                                                                                  \
    4112u                          /* fewer than 4085 make it FAT12; away from the edge, as others err there \
                                    */
#define FAT_16_CLUSTERS_MAX 65508u /* from 65525 on it is FAT32 */
#define FAT_32_CLUSTERS_MIN 65536u
#define FAT_32_CLUSTERS_MAX 0x0ffffff0u
#define FAT_DIR_ENTRIES_MAX 65536u /* of one directory */
#define FAT_NAME_MAX        255u   /* UTF-16 units */
#define FAT_LONG_UNITS      13u    /* of a name, in one entry */
#define FAT_FSINFO_SECTOR   1u
#define FAT_BACKUP_SECTOR   6u /* of FAT32: boot sector and FSInfo again */
#define FAT_MEDIA           0xf8u
#define FAT_END_16          0xffffu
#define FAT_END_32          0x0fffffffu

struct fat_boot {
    uint8_t jump[3];
    char oem[8];
    uint16_t bytes_per_sector;
    uint8_t sectors_per_cluster;
    uint16_t reserved_sectors;
    uint8_t n_fats;
    uint16_t root_entries; /* FAT16 */
    uint16_t sectors_16;   /* of the volume; 0: sectors_32 */
    uint8_t media;
    uint16_t fat_sectors_16; /* of one FAT; 0: FAT32 */
    uint16_t sectors_per_track;
    uint16_t heads;
    uint32_t hidden_sectors;
    uint32_t sectors_32;
} __attribute__((packed));
_Static_assert(sizeof(struct fat_boot) == 36, "layout");

/* Goes on at offset 36 in FAT32. */
struct fat_boot_32 {
    uint32_t fat_sectors;
    uint16_t flags;
    uint16_t version;
    uint32_t root_cluster;
    uint16_t fsinfo_sector;
    uint16_t backup_sector;
    uint8_t zero[12];
} __attribute__((packed));
_Static_assert(sizeof(struct fat_boot_32) == 28, "layout");

/* Goes on at offset 36 in FAT16 and 64 in FAT32. */
struct fat_boot_end {
    uint8_t drive;
    uint8_t zero;
    uint8_t signature; /* 0x29: the rest is there */
    uint32_t volume_id;
    char label[11];
    char type[8];
} __attribute__((packed));
_Static_assert(sizeof(struct fat_boot_end) == 26, "layout");

struct fat_fsinfo {
    uint32_t signature_1;
    uint8_t zero_1[480];
    uint32_t signature_2;
    uint32_t free_clusters; /* 0xffffffff: not known */
    uint32_t next_free;
    uint8_t zero_2[12];
    uint32_t signature_3;
} __attribute__((packed));
_Static_assert(sizeof(struct fat_fsinfo) == 512, "layout");

enum fat_attribute { FAT_READ_ONLY = 0x01, FAT_DIRECTORY = 0x10, FAT_ARCHIVE = 0x20, FAT_LONG_NAME = 0x0f };

struct fat_dirent {
    uint8_t name[11];
    uint8_t attributes;
    uint8_t case_flags;
    uint8_t create_tenths;
    uint16_t create_time;
    uint16_t create_date;
    uint16_t access_date;
    uint16_t cluster_high;
    uint16_t write_time;
    uint16_t write_date;
    uint16_t cluster_low;
    uint32_t size;
} __attribute__((packed));
_Static_assert(sizeof(struct fat_dirent) == 32, "layout");

/* A part of a long name; stands before the entry that it names, the last part first. */
struct fat_long {
    uint8_t order; /* from 1; 0x40: the last part */
    uint16_t units_1[5];
    uint8_t attributes;
    uint8_t type;
    uint8_t checksum; /* of the short name */
    uint16_t units_2[6];
    uint16_t zero;
    uint16_t units_3[2];
} __attribute__((packed));
_Static_assert(sizeof(struct fat_long) == 32, "layout");

#endif
