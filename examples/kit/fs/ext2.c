/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext2, read-only (Documentation/filesystems/ext2.rst of Linux; "The Second Extended File System", D.
 * Poirier).
 *
 * A file's inode lists its blocks: 12 directly, then a block of block numbers, a block of blocks of them, and
 * once more. Number 0 is a hole, which reads as zeros. Metadata goes through a small cache. Contents do not:
 * a run of blocks that follow each other on the device is read with one request, straight into the caller's
 * memory.
 *
 * Every number that comes from the device is compared with the file system's own limits before it is used as
 * a place. Nothing is followed for longer than the superblock's counts allow.
 */
#include "kit/fs/ext2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUPERBLOCK_OFF  1024
#define SUPERBLOCK_SIZE 1024
#define MAGIC           0xef53
#define BLOCK_SIZE_MAX  65536
#define INODE_SIZE_MIN  128
#define GROUP_SIZE      32 /* bytes of a group descriptor */

/* Of the features without which a reader goes wrong, the one that this reader knows: types in directory
 * entries. */
#define INCOMPAT_FILETYPE 0x0002

/* Of one view: more would only be looked at in vain, as blocks do not follow each other for ever. */
#define VIEW_BYTES_MAX ((size_t)1 << 30)

#define N_DIRECT       12
#define MODE_TYPE      0xf000
#define MODE_DIRECTORY 0x4000
#define MODE_FILE      0x8000
#define MODE_LINK      0xa000

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static const void *view_source(const struct fs *fs, uint64_t off, size_t size)
{
    return fs->source.view != NULL ? fs->source.view(fs->source.context, off, size) : NULL;
}

const uint8_t *ext2_block(struct fs *fs, uint32_t block)
{
    struct ext2_cached *oldest = &fs->cache[0];
    if (block == 0 || block >= fs->n_blocks)
        return NULL;
    uint64_t off = (uint64_t)block * fs->block_size;
    const uint8_t *view = view_source(fs, off, fs->block_size);
    if (view != NULL)
        return view;

    fs->clock++;
    for (size_t i = 0; i < EXT2_CACHE_SIZE; i++) {
        struct ext2_cached *c = &fs->cache[i];
        if (c->last_use != 0 && c->block == block) {
            c->last_use = fs->clock;
            return c->data;
        }
        if (c->last_use < oldest->last_use)
            oldest = c;
    }

    oldest->last_use = 0;
    if (fs->source.read(fs->source.context, off, oldest->data, fs->block_size) != 0)
        return NULL;
    oldest->block = block;
    oldest->last_use = fs->clock;
    return oldest->data;
}

/* Takes over what the superblock says, when it can be true. */
static int read_superblock(struct fs *fs, const uint8_t *super)
{
    uint32_t log_block_size = get32(super + 24);
    uint32_t revision = get32(super + 76);
    if (get16(super + 56) != MAGIC || log_block_size > 6)
        return -EINVAL;
    if (revision > 1 || (revision == 1 && (get32(super + 96) & ~(uint32_t)INCOMPAT_FILETYPE) != 0))
        return -EOPNOTSUPP;

    fs->block_size = 1024u << log_block_size;
    fs->n_inodes = get32(super);
    fs->n_blocks = get32(super + 4);
    fs->inodes_per_group = get32(super + 40);
    fs->inode_size = revision == 0 ? INODE_SIZE_MIN : get16(super + 88);
    fs->first_group_block = get32(super + 20) + 1; /* after the block that the superblock is in */
    if (fs->block_size < fs->source.unit)
        return -EOPNOTSUPP;
    if (fs->inodes_per_group == 0 || fs->inode_size < INODE_SIZE_MIN || fs->inode_size > fs->block_size ||
        (fs->inode_size & (fs->inode_size - 1)) != 0 || fs->first_group_block > 2 ||
        fs->n_blocks > fs->source.size / fs->block_size)
        return -EINVAL;
    return 0;
}

static int load_superblock(struct fs *fs)
{
    /* Whole units that hold it; a unit is at most as large as the largest block. */
    uint32_t unit = fs->source.unit;
    uint64_t end = (SUPERBLOCK_OFF + SUPERBLOCK_SIZE + unit - 1) & ~(uint64_t)(unit - 1);
    if (unit == 0 || (unit & (unit - 1)) != 0 || unit > BLOCK_SIZE_MAX || end > fs->source.size)
        return -EINVAL;

    uint8_t *buf = malloc((size_t)end);
    if (buf == NULL)
        return -ENOMEM;
    int result = fs->source.read(fs->source.context, 0, buf, (size_t)end);
    if (result == 0)
        result = read_superblock(fs, buf + SUPERBLOCK_OFF);
    free(buf);
    return result;
}

int fs_mount(const struct fs_source *source, struct fs **out)
{
    struct fs *fs = calloc(1, sizeof(*fs));
    if (fs == NULL)
        return -ENOMEM;
    fs->source = *source;

    struct fs_file root;
    int result = load_superblock(fs);
    for (size_t i = 0; result == 0 && i < EXT2_CACHE_SIZE; i++) {
        fs->cache[i].data = malloc(fs->block_size);
        if (fs->cache[i].data == NULL)
            result = -ENOMEM;
    }
    if (result == 0)
        result = ext2_load_inode(fs, EXT2_ROOT, &root);
    if (result == 0 && root.type != FS_DIRECTORY)
        result = -EIO;
    if (result != 0) {
        fs_unmount(fs);
        return result;
    }
    *out = fs;
    return 0;
}

void fs_unmount(struct fs *fs)
{
    if (fs == NULL)
        return;
    for (size_t i = 0; i < EXT2_CACHE_SIZE; i++)
        free(fs->cache[i].data);
    free(fs);
}

static enum fs_type type_of(uint16_t mode)
{
    switch (mode & MODE_TYPE) {
    case MODE_FILE:
        return FS_FILE;
    case MODE_DIRECTORY:
        return FS_DIRECTORY;
    case MODE_LINK:
        return FS_LINK;
    default:
        return FS_OTHER;
    }
}

int ext2_load_inode(struct fs *fs, uint32_t number, struct fs_file *out)
{
    if (number == 0 || number > fs->n_inodes)
        return -EIO;
    uint32_t group = (number - 1) / fs->inodes_per_group, index = (number - 1) % fs->inodes_per_group;
    uint64_t group_off = (uint64_t)group * GROUP_SIZE;
    const uint8_t *data = ext2_block(fs, fs->first_group_block + (uint32_t)(group_off / fs->block_size));
    if (data == NULL)
        return -EIO;

    uint64_t inode_off = (uint64_t)index * fs->inode_size;
    uint64_t block = get32(data + group_off % fs->block_size + 8) + inode_off / fs->block_size;
    data = block <= UINT32_MAX ? ext2_block(fs, (uint32_t)block) : NULL;
    if (data == NULL)
        return -EIO;

    const uint8_t *inode = data + inode_off % fs->block_size;
    uint16_t mode = get16(inode);
    *out = (struct fs_file){.fs = fs, .number = number, .type = type_of(mode), .mode = mode & 07777};
    out->mtime = (int32_t)get32(inode + 16);
    out->size = get32(inode + 4);
    if (out->type == FS_FILE) /* elsewhere the field means something else */
        out->size |= (uint64_t)get32(inode + 108) << 32;
    memcpy(out->blocks, inode + 40, sizeof(out->blocks));
    return 0;
}

/* Where on the device a file's block lies: *out is 0 for a hole. */
static int map_block(const struct fs_file *file, uint64_t index, uint32_t *out)
{
    uint64_t per_block = file->fs->block_size / 4, span = 1;
    unsigned depth = 0;

    if (index >= N_DIRECT) {
        index -= N_DIRECT;
        for (depth = 1, span = per_block; index >= span; depth++) {
            if (depth == 3)
                return -EIO;
            index -= span;
            span *= per_block;
        }
        *out = get32(file->blocks + 4 * (N_DIRECT + depth - 1));
    } else {
        *out = get32(file->blocks + 4 * index);
    }

    while (depth-- > 0 && *out != 0) {
        const uint8_t *data = ext2_block(file->fs, *out);
        if (data == NULL)
            return -EIO;
        span /= per_block;
        *out = get32(data + 4 * (index / span));
        index %= span;
    }
    return *out < file->fs->n_blocks ? 0 : -EIO;
}

/* As map_block(), and how many blocks from there on, max at most, are holes alike or follow each other. */
static int map_run(const struct fs_file *file, uint64_t index, size_t max, uint32_t *out, size_t *out_n)
{
    size_t n = 1;
    int result = map_block(file, index, out);
    for (; result == 0 && n < max; n++) {
        uint32_t next;
        result = map_block(file, index + n, &next);
        if (result == 0 && next != (*out == 0 ? 0 : *out + n))
            break;
    }
    *out_n = n;
    return result;
}

/* Reads a part of one block, which takes a detour through the cache. */
static int read_part(const struct fs_file *file, uint64_t index, size_t from, void *buf, size_t size)
{
    uint32_t block;
    int result = map_block(file, index, &block);
    if (result != 0)
        return result;
    if (block == 0) {
        memset(buf, 0, size);
        return 0;
    }
    const uint8_t *data = ext2_block(file->fs, block);
    if (data == NULL)
        return -EIO;
    memcpy(buf, data + from, size);
    return 0;
}

/* Reads up to n whole blocks; returns how many. */
static int64_t read_run(const struct fs_file *file, uint64_t index, void *buf, size_t n)
{
    struct fs *fs = file->fs;
    uint32_t block;
    int result = map_run(file, index, n, &block, &n);
    if (result != 0)
        return result;
    if (block == 0) {
        memset(buf, 0, n * fs->block_size);
        return (int64_t)n;
    }
    uint64_t off = (uint64_t)block * fs->block_size;
    result = fs->source.read(fs->source.context, off, buf, n * fs->block_size);
    return result != 0 ? result : (int64_t)n;
}

int64_t ext2_read(const struct fs_file *file, uint64_t off, void *buf, size_t size)
{
    uint32_t block_size = file->fs->block_size;
    if (off >= file->size)
        return 0;
    if (size > file->size - off)
        size = (size_t)(file->size - off);

    size_t done = 0;
    while (done < size) {
        uint64_t index = (off + done) / block_size;
        size_t from = (size_t)((off + done) % block_size), left = size - done;
        char *to = (char *)buf + done;
        if (from == 0 && left >= block_size) {
            int64_t n = read_run(file, index, to, left / block_size);
            if (n < 0)
                return n;
            done += (size_t)n * block_size;
        } else {
            size_t part = left < block_size - from ? left : block_size - from;
            int result = read_part(file, index, from, to, part);
            if (result != 0)
                return result;
            done += part;
        }
    }
    return (int64_t)done;
}

size_t fs_view(const struct fs_file *file, uint64_t off, size_t size, const void **out)
{
    const struct fs *fs = file->fs;
    uint64_t from = off % fs->block_size;
    uint32_t block;
    size_t n;

    if (file->type != FS_FILE || off >= file->size || fs->source.view == NULL)
        return 0;
    if (size > VIEW_BYTES_MAX)
        size = VIEW_BYTES_MAX;
    if (size > file->size - off)
        size = (size_t)(file->size - off);
    if (map_run(file, off / fs->block_size, (size_t)((from + size + fs->block_size - 1) / fs->block_size),
                &block, &n) != 0 ||
        block == 0)
        return 0;
    if (size > n * fs->block_size - from)
        size = (size_t)(n * fs->block_size - from);
    const void *view = view_source(fs, (uint64_t)block * fs->block_size + from, size);
    if (view == NULL)
        return 0;
    *out = view;
    return size;
}
