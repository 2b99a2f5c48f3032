/* SPDX-License-Identifier: Apache-2.0 */
#include "ext2_edit.h"

#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ext2_edit_block *find_block(struct ext2_edit *edit, uint32_t number)
{
    for (uint32_t i = 0; i < edit->n_blocks; i++)
        if (edit->blocks[i].number == number)
            return &edit->blocks[i];
    return NULL;
}

/* The last extent that starts at or before an offset; NULL: none. */
static const struct extent *find_extent(const struct ext2_edit *edit, uint64_t off)
{
    uint32_t low = 0, high = edit->source.n_extents;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (edit->source.extents[middle].off <= off)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &edit->source.extents[low - 1] : NULL;
}

static int read_block(const struct ext2_edit *edit, uint32_t number, uint8_t *bytes, struct error *err)
{
    uint64_t off = (uint64_t)number * EXT2_BLOCK_SIZE;
    const struct extent *e = find_extent(edit, off);
    memset(bytes, 0, EXT2_BLOCK_SIZE);
    if (e == NULL || off - e->off >= e->len)
        return 0;
    if (e->file >= edit->source.n_meta_fds)
        return error_set(err, ERROR_INPUT, "block %u of the image is not metadata", number);
    ssize_t n;
    do {
        n = pread(edit->source.meta_fds[e->file], bytes, EXT2_BLOCK_SIZE,
                  (off_t)(e->file_off + off - e->off));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_errno(err, "read block %u of the image", number);
    if (n != EXT2_BLOCK_SIZE)
        return error_set(err, ERROR_INPUT, "the image ends before block %u", number);
    return 0;
}

/* NULL: err says why. */
static struct ext2_edit_block *add_block(struct ext2_edit *edit, uint32_t number, struct error *err)
{
    if (edit->n_blocks == EXT2_EDIT_BLOCKS_MAX) {
        error_set(err, ERROR_REFUSED, "more than %u blocks would change", EXT2_EDIT_BLOCKS_MAX);
        return NULL;
    }
    size_t n = (size_t)edit->n_blocks + 1;
    if (array_grow(&edit->blocks, &edit->room, n, sizeof(*edit->blocks), "changed blocks", err) != 0)
        return NULL;
    uint8_t *bytes = malloc(EXT2_BLOCK_SIZE);
    if (bytes == NULL) {
        error_errno(err, "change the image");
        return NULL;
    }
    struct ext2_edit_block *block = edit->blocks + edit->n_blocks++;
    *block = (struct ext2_edit_block){.number = number, .bytes = bytes};
    return block;
}

int ext2_edit_get(struct ext2_edit *edit, uint32_t number, bool changes, uint8_t **out, struct error *err)
{
    struct ext2_edit_block *block = find_block(edit, number);
    if (block == NULL) {
        if (edit->n_groups > 0 &&
            (number == 0 ? edit->super.blocks_count == 0 : number >= edit->super.blocks_count))
            return error_set(err, ERROR_INPUT, "the image names block %u of %u", number,
                             edit->super.blocks_count);
        block = add_block(edit, number, err);
        if (block == NULL || read_block(edit, number, block->bytes, err) != 0)
            return -1;
    }
    block->is_changed |= changes;
    *out = block->bytes;
    return 0;
}

/* The bytes of a block that was free: what it holds, perhaps of a file, does not matter. */
static uint8_t *get_fresh(struct ext2_edit *edit, uint32_t number, struct error *err)
{
    struct ext2_edit_block *block = find_block(edit, number);
    if (block == NULL && (block = add_block(edit, number, err)) == NULL)
        return NULL;
    block->is_changed = true;
    memset(block->bytes, 0, EXT2_BLOCK_SIZE);
    return block->bytes;
}

int ext2_edit_init(struct ext2_edit *edit, const struct ext2_source *source, struct error *err)
{
    uint8_t *bytes = NULL;
    *edit = (struct ext2_edit){.source = *source};
    if (ext2_edit_get(edit, 0, false, &bytes, err) != 0) {
        ext2_edit_release(edit);
        return -1;
    }
    struct ext2_super *super = &edit->super;
    memcpy(super, bytes + EXT2_SUPER_OFFSET, sizeof(*super));
    uint64_t n_groups = ((uint64_t)super->blocks_count + EXT2_BLOCKS_PER_GROUP - 1) / EXT2_BLOCKS_PER_GROUP;
    if (super->magic != EXT2_MAGIC || super->log_block_size != 2 || super->rev_level != 1 ||
        super->inode_size != EXT2_INODE_SIZE || super->blocks_per_group != EXT2_BLOCKS_PER_GROUP ||
        super->inodes_per_group == 0 || super->inodes_per_group > EXT2_BLOCKS_PER_GROUP || n_groups == 0 ||
        (uint64_t)super->inodes_per_group * n_groups != super->inodes_count) {
        ext2_edit_release(edit);
        return error_set(err, ERROR_INPUT, "the image's superblock is damaged");
    }
    edit->n_groups = (uint32_t)n_groups;
    return 0;
}

void ext2_edit_release(struct ext2_edit *edit)
{
    for (uint32_t i = 0; i < edit->n_blocks; i++)
        free(edit->blocks[i].bytes);
    free(edit->blocks);
    *edit = EXT2_EDIT_NONE;
}

static int get_group(struct ext2_edit *edit, uint32_t number, bool changes, struct ext2_group **out,
                     struct error *err)
{
    uint8_t *bytes;
    if (ext2_edit_get(edit, 1 + number / EXT2_GROUPS_PER_BLOCK, changes, &bytes, err) != 0)
        return -1;
    *out = (struct ext2_group *)(void *)bytes + number % EXT2_GROUPS_PER_BLOCK;
    return 0;
}

int ext2_edit_inode(struct ext2_edit *edit, uint32_t number, bool changes, struct ext2_inode **out,
                    struct error *err)
{
    struct ext2_group *group;
    uint8_t *bytes;
    if (number == 0 || number > edit->super.inodes_count)
        return error_set(err, ERROR_INPUT, "the image names inode %u of %u", number,
                         edit->super.inodes_count);
    uint32_t index = (number - 1) % edit->super.inodes_per_group;
    if (get_group(edit, (number - 1) / edit->super.inodes_per_group, false, &group, err) != 0 ||
        ext2_edit_get(edit, group->inode_table + index / EXT2_INODES_PER_BLOCK, changes, &bytes, err) != 0)
        return -1;
    *out = (struct ext2_inode *)(void *)bytes + index % EXT2_INODES_PER_BLOCK;
    return 0;
}

static int change_super(struct ext2_edit *edit, struct ext2_super **out, struct error *err)
{
    uint8_t *bytes;
    if (ext2_edit_get(edit, 0, true, &bytes, err) != 0)
        return -1;
    *out = (struct ext2_super *)(void *)(bytes + EXT2_SUPER_OFFSET);
    return 0;
}

/* The first clear bit of n; n: there is none. */
static uint32_t find_clear(const uint8_t *bitmap, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i % 8 == 0 && bitmap[i / 8] == 0xff)
            i += 7;
        else if ((bitmap[i / 8] & 1u << i % 8) == 0)
            return i;
    }
    return n;
}

int ext2_edit_take_block(struct ext2_edit *edit, uint32_t *out, struct error *err)
{
    for (uint32_t i = 0; i < edit->n_groups; i++) {
        struct ext2_group *group;
        struct ext2_super *super;
        uint8_t *bitmap;
        if (get_group(edit, i, false, &group, err) != 0)
            return -1;
        if (group->free_blocks_count == 0)
            continue;
        if (ext2_edit_get(edit, group->block_bitmap, true, &bitmap, err) != 0)
            return -1;
        uint32_t bit = find_clear(bitmap, EXT2_BLOCKS_PER_GROUP);
        uint64_t block = (uint64_t)i * EXT2_BLOCKS_PER_GROUP + bit;
        if (bit == EXT2_BLOCKS_PER_GROUP || block >= edit->super.blocks_count)
            return error_set(err, ERROR_INPUT, "the image's group %u has a wrong count of free blocks", i);
        if (get_group(edit, i, true, &group, err) != 0 || change_super(edit, &super, err) != 0 ||
            get_fresh(edit, (uint32_t)block, err) == NULL)
            return -1;
        bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
        group->free_blocks_count--;
        super->free_blocks_count--;
        *out = (uint32_t)block;
        return 0;
    }
    return error_set(err, ERROR_REFUSED, "the image has no free block left");
}

int ext2_edit_free_block(struct ext2_edit *edit, uint32_t block, struct error *err)
{
    struct ext2_group *group;
    struct ext2_super *super;
    uint8_t *bitmap;
    uint32_t bit = block % EXT2_BLOCKS_PER_GROUP;

    if (block >= edit->super.blocks_count)
        return error_set(err, ERROR_INPUT, "the image names block %u of %u", block, edit->super.blocks_count);
    if (get_group(edit, block / EXT2_BLOCKS_PER_GROUP, true, &group, err) != 0 ||
        change_super(edit, &super, err) != 0 ||
        ext2_edit_get(edit, group->block_bitmap, true, &bitmap, err) != 0)
        return -1;
    bitmap[bit / 8] &= (uint8_t) ~(1u << bit % 8);
    group->free_blocks_count++;
    super->free_blocks_count++;
    return 0;
}

int ext2_edit_take_inode(struct ext2_edit *edit, bool is_dir, uint32_t *out, struct error *err)
{
    for (uint32_t i = 0; i < edit->n_groups; i++) {
        struct ext2_group *group;
        struct ext2_super *super;
        struct ext2_inode *inode;
        uint8_t *bitmap;
        if (get_group(edit, i, false, &group, err) != 0)
            return -1;
        if (group->free_inodes_count == 0)
            continue;
        if (ext2_edit_get(edit, group->inode_bitmap, true, &bitmap, err) != 0)
            return -1;
        uint32_t bit = find_clear(bitmap, edit->super.inodes_per_group);
        uint32_t number = i * edit->super.inodes_per_group + bit + 1;
        if (bit == edit->super.inodes_per_group)
            return error_set(err, ERROR_INPUT, "the image's group %u has a wrong count of free inodes", i);
        if (get_group(edit, i, true, &group, err) != 0 || change_super(edit, &super, err) != 0 ||
            ext2_edit_inode(edit, number, true, &inode, err) != 0)
            return -1;
        bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
        group->free_inodes_count--;
        group->used_dirs_count = (uint16_t)(group->used_dirs_count + is_dir);
        super->free_inodes_count--;
        memset(inode, 0, sizeof(*inode));
        *out = number;
        return 0;
    }
    return error_set(err, ERROR_REFUSED, "the image has no free inode left");
}
