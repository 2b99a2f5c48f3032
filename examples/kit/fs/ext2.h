/* SPDX-License-Identifier: Apache-2.0 */
/* The mounted file system, shared by the files of this folder. */
#ifndef FS_EXT2_H
#define FS_EXT2_H

#include "kit/fs.h"

#define EXT2_ROOT       2
#define EXT2_CACHE_SIZE 16 /* blocks; a path of usual depth needs fewer */

/* A block of metadata that was read lately. */
struct ext2_cached {
    uint64_t last_use; /* 0: empty */
    uint32_t block;
    uint8_t *data;
};

struct fs {
    struct fs_source source;
    uint32_t block_size;
    uint32_t n_blocks, n_inodes, inodes_per_group;
    uint32_t inode_size;
    uint32_t first_group_block; /* of the group descriptors */
    uint64_t clock;             /* counts uses of the cache */
    struct ext2_cached cache[EXT2_CACHE_SIZE];
};

/* The contents of a block, for reading until the next call. NULL when it cannot be read or is not inside. */
const uint8_t *ext2_block(struct fs *fs, uint32_t block);

/* Loads inode number. */
int ext2_load_inode(struct fs *fs, uint32_t number, struct fs_file *out);

/* fs_read() for anything that has contents in blocks, directories and links too. */
int64_t ext2_read(const struct fs_file *file, uint64_t off, void *buf, size_t size);

/* Finds name, of size bytes, in a directory: its inode's number in *out_number. -ENOENT, -ENOTDIR. */
int ext2_find(const struct fs_file *directory, const char *name, size_t size, uint32_t *out_number);

#endif
