/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ext2 directory is a file of entries: inode number (32 bits, 0 for an unused entry), the entry's length
 * (16), the name's length (8), its type (8), the name. An entry does not cross a block's border, and its
 * length leads to the next one; so a length of 0, or one that leads out of the block, would lead astray and
 * makes the directory broken.
 */
#include "kit/fs/ext2.h"

#include <errno.h>
#include <string.h>

#define ENTRY_HEADER 8
#define SIZE_LIMIT   ((uint64_t)1 << 30) /* of a directory that is believed: some ten million names */

int fs_read_directory(const struct fs_file *directory, uint64_t *position, struct fs_entry *out)
{
    if (directory->type != FS_DIRECTORY)
        return -ENOTDIR;
    if (directory->size > SIZE_LIMIT)
        return -EIO;

    while (*position < directory->size) {
        uint8_t header[ENTRY_HEADER];
        uint32_t left = directory->fs->block_size - (uint32_t)(*position % directory->fs->block_size);
        int64_t n = ext2_read(directory, *position, header, sizeof(header));
        if (n != (int64_t)sizeof(header))
            return n < 0 ? (int)n : -EIO;

        uint32_t number =
            header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 | (uint32_t)header[3] << 24;
        uint32_t size = header[4] | (uint32_t)header[5] << 8, name_size = header[6];
        if (size < ENTRY_HEADER || size % 4 != 0 || size > left || name_size > size - ENTRY_HEADER)
            return -EIO;
        uint64_t name_off = *position + ENTRY_HEADER;
        *position += size;
        if (number == 0 || name_size == 0)
            continue;

        n = ext2_read(directory, name_off, out->name, name_size);
        if (n != (int64_t)name_size)
            return n < 0 ? (int)n : -EIO;
        out->name[name_size] = '\0';
        out->number = number;
        return 1;
    }
    return 0;
}

int ext2_find(const struct fs_file *directory, const char *name, size_t size, uint32_t *out_number)
{
    struct fs_entry entry;
    uint64_t position = 0;
    int result;
    while ((result = fs_read_directory(directory, &position, &entry)) > 0) {
        if (strlen(entry.name) == size && memcmp(entry.name, name, size) == 0) {
            *out_number = entry.number;
            return 0;
        }
    }
    return result < 0 ? result : -ENOENT;
}
