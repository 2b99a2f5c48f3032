/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second extended file system, revision 1, as far as wherry writes it: little-endian structures and
 * numbers. Source: "The Second Extended File System, Internal Layout" (D. Poirier), sections 3 to 6.
 */
#ifndef STORAGE_EXT2_FORMAT_H
#define STORAGE_EXT2_FORMAT_H

#include <stdint.h>

#define EXT2_BLOCK_SIZE       4096u
#define EXT2_BLOCKS_PER_GROUP (8 * EXT2_BLOCK_SIZE) /* one block of bitmap */
#define EXT2_INODE_SIZE       128u
#define EXT2_INODES_PER_BLOCK (EXT2_BLOCK_SIZE / EXT2_INODE_SIZE)
#define EXT2_GROUPS_PER_BLOCK (EXT2_BLOCK_SIZE / 32u)
#define EXT2_POINTERS         (EXT2_BLOCK_SIZE / 4u) /* in an indirect block */
#define EXT2_DIRECT           12u                    /* pointers to data in an inode */
#define EXT2_SUPER_OFFSET     1024u
#define EXT2_MAGIC            0xef53u
#define EXT2_ROOT_INODE       2u
#define EXT2_FIRST_INODE      11u
#define EXT2_FAST_SYMLINK     60u /* a shorter target stands in the inode */
#define EXT2_LINKS_MAX        65000u

enum ext2_feature {
    EXT2_COMPAT_EXT_ATTR = 0x8,
    EXT2_INCOMPAT_FILETYPE = 0x2,
    EXT2_RO_COMPAT_SPARSE_SUPER = 0x1,
    EXT2_RO_COMPAT_LARGE_FILE = 0x2
};

struct ext2_super {
    uint32_t inodes_count;
    uint32_t blocks_count;
    uint32_t r_blocks_count;
    uint32_t free_blocks_count;
    uint32_t free_inodes_count;
    uint32_t first_data_block;
    uint32_t log_block_size;
    uint32_t log_frag_size;
    uint32_t blocks_per_group;
    uint32_t frags_per_group;
    uint32_t inodes_per_group;
    uint32_t mtime;
    uint32_t wtime;
    uint16_t mnt_count;
    uint16_t max_mnt_count;
    uint16_t magic;
    uint16_t state;
    uint16_t errors;
    uint16_t minor_rev_level;
    uint32_t lastcheck;
    uint32_t checkinterval;
    uint32_t creator_os;
    uint32_t rev_level;
    uint16_t def_resuid;
    uint16_t def_resgid;
    uint32_t first_ino;
    uint16_t inode_size;
    uint16_t block_group_nr;
    uint32_t feature_compat;
    uint32_t feature_incompat;
    uint32_t feature_ro_compat;
    uint8_t uuid[16];
    char volume_name[16];
    char last_mounted[64];
    uint8_t rest[824];
};
_Static_assert(sizeof(struct ext2_super) == 1024, "layout");

struct ext2_group {
    uint32_t block_bitmap;
    uint32_t inode_bitmap;
    uint32_t inode_table;
    uint16_t free_blocks_count;
    uint16_t free_inodes_count;
    uint16_t used_dirs_count;
    uint16_t pad;
    uint32_t reserved[3];
};
_Static_assert(sizeof(struct ext2_group) == 32, "layout");

struct ext2_inode {
    uint16_t mode;
    uint16_t uid;
    uint32_t size;
    uint32_t atime;
    uint32_t ctime;
    uint32_t mtime;
    uint32_t dtime;
    uint16_t gid;
    uint16_t links_count;
    uint32_t blocks; /* of 512 bytes */
    uint32_t flags;
    uint32_t version;
    uint32_t block[15]; /* 12 direct, indirect, double, triple; or a short symlink's target; or a device */
    uint32_t generation;
    uint32_t file_acl;
    uint32_t size_high; /* of a regular file */
    uint32_t faddr;
    uint16_t frag;
    uint16_t pad;
    uint16_t uid_high;
    uint16_t gid_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct ext2_inode) == EXT2_INODE_SIZE, "layout");

/* A directory entry; the name follows, and the next entry is rec_len bytes on. */
struct ext2_dirent {
    uint32_t inode; /* 0: unused */
    uint16_t rec_len;
    uint8_t name_len;
    uint8_t file_type;
};
_Static_assert(sizeof(struct ext2_dirent) == 8, "layout");

enum ext2_file_type {
    EXT2_FT_FILE = 1,
    EXT2_FT_DIR,
    EXT2_FT_CHAR,
    EXT2_FT_BLOCK,
    EXT2_FT_FIFO,
    EXT2_FT_SOCKET,
    EXT2_FT_SYMLINK
};

/* The bytes that an entry with a name of this length takes. */
static inline uint32_t ext2_dirent_size(uint32_t name_len)
{
    return ((uint32_t)sizeof(struct ext2_dirent) + name_len + 3) & ~3u;
}

#endif
