/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. A path is walked through the directories of the image's generated part, with symlinks spliced into
 * what is left of it. The last component's file gets new blocks out of those that the plan has kept free; a
 * file with other names keeps its contents under these, and the name is led to a new inode.
 */
#include "ext2_patch.h"

#include "base/cleanup.h"
#include "patch_file.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define SYMLINKS_MAX 40
#define BLOCKS_MAX   (EXT2_DIRECT + EXT2_POINTERS) /* of a file: what one indirect block reaches */
#define SECTORS      (EXT2_BLOCK_SIZE / 512)

/* Where a walk stands. */
struct walk {
    char rest[PATH_MAX]; /* of the path */
    uint32_t dir;        /* inode */
    int n_symlinks;
};

/* An entry that was found in a directory. */
struct found {
    struct ext2_dirent *dirent; /* NULL: the name is not there */
    uint32_t block;
};

/* The number of block n of a directory or symlink; 0 beyond what one indirect block reaches. */
static int get_pointer(struct ext2_edit *edit, const struct ext2_inode *inode, uint32_t n, uint32_t *out,
                       struct error *err)
{
    uint8_t *bytes;
    *out = 0;
    if (n < EXT2_DIRECT) {
        *out = inode->block[n];
    } else if (n < BLOCKS_MAX && inode->block[EXT2_DIRECT] != 0) {
        if (ext2_edit_get(edit, inode->block[EXT2_DIRECT], false, &bytes, err) != 0)
            return -1;
        *out = ((uint32_t *)(void *)bytes)[n - EXT2_DIRECT];
    }
    return 0;
}

/* The entry at an offset of a directory's block, if it is sound. */
static struct ext2_dirent *dirent_at(uint8_t *block, uint32_t off, struct error *err)
{
    struct ext2_dirent *d = (struct ext2_dirent *)(void *)(block + off);
    if (off + sizeof(*d) > EXT2_BLOCK_SIZE || d->rec_len % 4 != 0 ||
        d->rec_len < ext2_dirent_size(d->name_len) || off + d->rec_len > EXT2_BLOCK_SIZE) {
        error_set(err, ERROR_INPUT, "a directory of the image is damaged");
        return NULL;
    }
    return d;
}

static int find_name(struct ext2_edit *edit, uint32_t dir, const char *name, size_t size, struct found *out,
                     struct error *err)
{
    struct ext2_inode *inode;
    *out = (struct found){.dirent = NULL};
    if (ext2_edit_inode(edit, dir, false, &inode, err) != 0)
        return -1;
    for (uint32_t i = 0; i < inode->size / EXT2_BLOCK_SIZE; i++) {
        uint32_t block;
        uint8_t *bytes;
        if (get_pointer(edit, inode, i, &block, err) != 0)
            return -1;
        if (block == 0)
            return error_set(err, ERROR_REFUSED, "a directory on the way is too large");
        if (ext2_edit_get(edit, block, false, &bytes, err) != 0)
            return -1;
        for (uint32_t off = 0; off < EXT2_BLOCK_SIZE;) {
            struct ext2_dirent *d = dirent_at(bytes, off, err);
            if (d == NULL)
                return -1;
            if (d->inode != 0 && d->name_len == size && memcmp(d + 1, name, size) == 0) {
                *out = (struct found){.dirent = d, .block = block};
                return 0;
            }
            off += d->rec_len;
        }
    }
    return 0;
}

/* Sets pointer n of an inode to a new block. */
static int append_block(struct ext2_edit *edit, struct ext2_inode *inode, uint32_t n, uint32_t *out,
                        struct error *err)
{
    uint8_t *bytes;
    if (n >= BLOCKS_MAX)
        return error_set(err, ERROR_REFUSED, "it would need more than %u blocks", BLOCKS_MAX);
    if (n >= EXT2_DIRECT && inode->block[EXT2_DIRECT] == 0) {
        if (ext2_edit_take_block(edit, &inode->block[EXT2_DIRECT], err) != 0)
            return -1;
        inode->blocks += SECTORS;
    }
    if (ext2_edit_take_block(edit, out, err) != 0)
        return -1;
    inode->blocks += SECTORS;
    if (n < EXT2_DIRECT) {
        inode->block[n] = *out;
        return 0;
    }
    if (ext2_edit_get(edit, inode->block[EXT2_DIRECT], true, &bytes, err) != 0)
        return -1;
    ((uint32_t *)(void *)bytes)[n - EXT2_DIRECT] = *out;
    return 0;
}

static void write_dirent(struct ext2_dirent *d, uint16_t rec_len, uint32_t inode, const char *name,
                         size_t size, uint8_t type)
{
    *d = (struct ext2_dirent){
        .inode = inode, .rec_len = rec_len, .name_len = (uint8_t)size, .file_type = type};
    memcpy(d + 1, name, size);
}

/* Puts an entry into the room that the entries of one block leave. *out_done: there was room. */
static int add_to_block(uint8_t *bytes, uint32_t inode, const char *name, size_t size, uint8_t type,
                        bool *out_done, struct error *err)
{
    uint32_t wanted = ext2_dirent_size((uint32_t)size);
    *out_done = true;
    for (uint32_t off = 0; off < EXT2_BLOCK_SIZE;) {
        struct ext2_dirent *d = dirent_at(bytes, off, err);
        if (d == NULL)
            return -1;
        uint32_t used = d->inode == 0 ? 0 : ext2_dirent_size(d->name_len);
        uint32_t room = d->rec_len - used;
        if (room >= wanted) {
            if (used > 0)
                d->rec_len = (uint16_t)used;
            write_dirent((struct ext2_dirent *)(void *)(bytes + off + used), (uint16_t)room, inode, name,
                         size, type);
            return 0;
        }
        off += d->rec_len;
    }
    *out_done = false;
    return 0;
}

static int add_name(struct ext2_edit *edit, uint32_t dir, uint32_t inode_number, const char *name,
                    size_t size, uint8_t type, struct error *err)
{
    struct ext2_inode *inode;
    uint32_t block;
    uint8_t *bytes;
    bool done = false;
    if (size > 255)
        return error_set(err, ERROR_REFUSED, "a name of %zu bytes", size);
    if (ext2_edit_inode(edit, dir, true, &inode, err) != 0)
        return -1;
    uint32_t n = inode->size / EXT2_BLOCK_SIZE;
    if (n > 0) {
        if (get_pointer(edit, inode, n - 1, &block, err) != 0)
            return -1;
        if (block == 0)
            return error_set(err, ERROR_REFUSED, "a directory on the way is too large");
        if (ext2_edit_get(edit, block, true, &bytes, err) != 0 ||
            add_to_block(bytes, inode_number, name, size, type, &done, err) != 0)
            return -1;
    }
    if (done)
        return 0;
    if (append_block(edit, inode, n, &block, err) != 0 || ext2_edit_get(edit, block, true, &bytes, err) != 0)
        return -1;
    inode->size += EXT2_BLOCK_SIZE;
    write_dirent((struct ext2_dirent *)(void *)bytes, EXT2_BLOCK_SIZE, inode_number, name, size, type);
    return 0;
}

/* A new inode of root's with the file system's own time. */
static int make_inode(struct ext2_edit *edit, uint16_t mode, uint32_t *out_number, struct ext2_inode **out,
                      struct error *err)
{
    if (ext2_edit_take_inode(edit, S_ISDIR(mode), out_number, err) != 0 ||
        ext2_edit_inode(edit, *out_number, true, out, err) != 0)
        return -1;
    (*out)->mode = mode;
    (*out)->links_count = 1;
    (*out)->atime = (*out)->ctime = (*out)->mtime = edit->super.wtime;
    return 0;
}

static int make_dir(struct ext2_edit *edit, uint32_t parent, const char *name, size_t size, uint32_t *out,
                    struct error *err)
{
    struct ext2_inode *inode, *above;
    uint32_t block;
    uint8_t *bytes;
    if (make_inode(edit, S_IFDIR | 0755, out, &inode, err) != 0 ||
        append_block(edit, inode, 0, &block, err) != 0 || ext2_edit_get(edit, block, true, &bytes, err) != 0)
        return -1;
    inode->size = EXT2_BLOCK_SIZE;
    inode->links_count = 2;
    write_dirent((struct ext2_dirent *)(void *)bytes, 12, *out, ".", 1, EXT2_FT_DIR);
    write_dirent((struct ext2_dirent *)(void *)(bytes + 12), EXT2_BLOCK_SIZE - 12, parent, "..", 2,
                 EXT2_FT_DIR);
    if (ext2_edit_inode(edit, parent, true, &above, err) != 0)
        return -1;
    above->links_count++;
    return add_name(edit, parent, *out, name, size, EXT2_FT_DIR, err);
}

/* What an inode's count of blocks has for its extended attributes. */
static uint32_t xattr_sectors(const struct ext2_inode *inode)
{
    return inode->file_acl != 0 ? SECTORS : 0;
}

/* Puts a symlink's target in front of the rest of the path. */
static int follow(struct ext2_edit *edit, const struct ext2_inode *link, struct walk *walk, struct error *err)
{
    char path[PATH_MAX];
    const uint8_t *target = (const uint8_t *)link->block;
    uint8_t *bytes;
    bool has_blocks = link->blocks > xattr_sectors(link);
    if (++walk->n_symlinks > SYMLINKS_MAX)
        return error_set(err, ERROR_REFUSED, "too many symlinks on the way");
    if (link->size == 0 || link->size >= EXT2_BLOCK_SIZE || (!has_blocks && link->size > sizeof(link->block)))
        return error_set(err, ERROR_INPUT, "a symlink of the image is damaged");
    if (has_blocks) {
        if (ext2_edit_get(edit, link->block[0], false, &bytes, err) != 0)
            return -1;
        target = bytes;
    }
    size_t rest = strlen(walk->rest);
    if (link->size + 1 + rest >= sizeof(path))
        return error_set(err, ERROR_REFUSED, "the path is too long");
    memcpy(path, target, link->size);
    path[link->size] = '/';
    memcpy(path + link->size + 1, walk->rest, rest + 1);
    if (path[0] == '/')
        walk->dir = EXT2_ROOT_INODE;
    memcpy(walk->rest, path, link->size + rest + 2);
    return 0;
}

/* Takes the first component off the rest of the path. Its size is 0 at the end. */
static size_t take_component(struct walk *walk, char name[PATH_MAX])
{
    size_t skip = strspn(walk->rest, "/");
    size_t size = strcspn(walk->rest + skip, "/");
    memcpy(name, walk->rest + skip, size);
    name[size] = '\0';
    memmove(walk->rest, walk->rest + skip + size, strlen(walk->rest + skip + size) + 1);
    return size;
}

/* Gives an inode the contents, in new blocks. */
static int write_contents(struct ext2_edit *edit, struct ext2_inode *inode, const void *data, size_t size,
                          struct error *err)
{
    inode->size = (uint32_t)size;
    for (uint32_t n = 0; (size_t)n * EXT2_BLOCK_SIZE < size; n++) {
        size_t at = (size_t)n * EXT2_BLOCK_SIZE, part = size - at;
        uint32_t block;
        uint8_t *bytes;
        if (append_block(edit, inode, n, &block, err) != 0 ||
            ext2_edit_get(edit, block, true, &bytes, err) != 0)
            return -1;
        memcpy(bytes, (const char *)data + at, part < EXT2_BLOCK_SIZE ? part : EXT2_BLOCK_SIZE);
    }
    return 0;
}

/* Frees all blocks of a regular file. */
static int drop_contents(struct ext2_edit *edit, struct ext2_inode *inode, struct error *err)
{
    if (inode->block[13] != 0 || inode->block[14] != 0)
        return error_set(err, ERROR_REFUSED, "the image's file is larger than 4 MiB");
    for (uint32_t n = 0; n < (inode->block[EXT2_DIRECT] != 0 ? BLOCKS_MAX : EXT2_DIRECT); n++) {
        uint32_t block;
        if (get_pointer(edit, inode, n, &block, err) != 0 ||
            (block != 0 && ext2_edit_free_block(edit, block, err) != 0))
            return -1;
    }
    if (inode->block[EXT2_DIRECT] != 0 && ext2_edit_free_block(edit, inode->block[EXT2_DIRECT], err) != 0)
        return -1;
    memset(inode->block, 0, sizeof(inode->block));
    inode->blocks = xattr_sectors(inode);
    inode->size = inode->size_high = 0;
    return 0;
}

/* Replaces the file that an entry leads to. */
static int replace_file(struct ext2_edit *edit, const struct found *found, const struct image_patch *patch,
                        struct error *err)
{
    struct ext2_inode *inode, *other;
    uint8_t *bytes;
    if (ext2_edit_inode(edit, found->dirent->inode, true, &inode, err) != 0)
        return -1;
    if (!S_ISREG(inode->mode))
        return error_set(err, ERROR_REFUSED, "in the image it is no regular file");
    if (inode->links_count <= 1) {
        if (drop_contents(edit, inode, err) != 0)
            return -1;
        return write_contents(edit, inode, patch->data, patch->size, err);
    }
    uint32_t number;
    if (make_inode(edit, inode->mode, &number, &other, err) != 0 ||
        ext2_edit_get(edit, found->block, true, &bytes, err) != 0)
        return -1;
    other->uid = inode->uid;
    other->gid = inode->gid;
    other->uid_high = inode->uid_high;
    other->gid_high = inode->gid_high;
    inode->links_count--;
    found->dirent->inode = number;
    return write_contents(edit, other, patch->data, patch->size, err);
}

static int add_file(struct ext2_edit *edit, uint32_t dir, const char *name, size_t size,
                    const struct image_patch *patch, struct error *err)
{
    struct ext2_inode *inode;
    uint32_t number;
    if (make_inode(edit, S_IFREG | 0644, &number, &inode, err) != 0 ||
        write_contents(edit, inode, patch->data, patch->size, err) != 0)
        return -1;
    return add_name(edit, dir, number, name, size, EXT2_FT_FILE, err);
}

/* Goes one component on. *out_done: it was the last, and the file is there. */
static int step(struct ext2_edit *edit, struct walk *walk, const struct image_patch *patch, bool *out_done,
                struct error *err)
{
    char name[PATH_MAX];
    struct found found;
    struct ext2_inode *inode;
    size_t size = take_component(walk, name);
    bool is_last = walk->rest[strspn(walk->rest, "/")] == '\0';

    *out_done = false;
    if (size == 0)
        return error_set(err, ERROR_REFUSED, "the path names no file");
    if (find_name(edit, walk->dir, name, size, &found, err) != 0)
        return -1;
    if (found.dirent == NULL && !is_last)
        return make_dir(edit, walk->dir, name, size, &walk->dir, err);
    if (found.dirent == NULL) {
        *out_done = true;
        return add_file(edit, walk->dir, name, size, patch, err);
    }
    if (ext2_edit_inode(edit, found.dirent->inode, false, &inode, err) != 0)
        return -1;
    if (S_ISLNK(inode->mode))
        return follow(edit, inode, walk, err);
    if (is_last) {
        *out_done = true;
        return replace_file(edit, &found, patch, err);
    }
    if (!S_ISDIR(inode->mode))
        return error_set(err, ERROR_REFUSED, "'%s' is no directory in the image", name);
    walk->dir = found.dirent->inode;
    return 0;
}

static int apply(struct ext2_edit *edit, const struct image_patch *patch, struct error *err)
{
    struct walk walk = {.dir = EXT2_ROOT_INODE};
    size_t size = strlen(patch->path);
    bool done = false;
    if (patch->path[0] != '/' || size >= sizeof(walk.rest))
        return error_set(err, ERROR_REFUSED, "the path is not absolute, or too long");
    memcpy(walk.rest, patch->path, size + 1);
    while (!done)
        if (step(edit, &walk, patch, &done, err) != 0)
            return -1;
    return 0;
}

/* Writes the changed blocks as patches. */
static int write_patches(const struct ext2_edit *edit, int *out_fd, struct error *err)
{
    _cleanup_(patch_file_release) struct patch_file file = PATCH_FILE_NONE;
    for (uint32_t i = 0; i < edit->n_blocks; i++) {
        const struct ext2_edit_block *block = &edit->blocks[i];
        if (block->is_changed && patch_file_add(&file, (uint64_t)block->number * EXT2_BLOCK_SIZE,
                                                block->bytes, EXT2_BLOCK_SIZE, err) != 0)
            return -1;
    }
    return patch_file_make(&file, out_fd, err);
}

int ext2_patch(const struct ext2_source *source, const struct image_patch *patches, size_t n_patches,
               int *out_fd, struct error *err)
{
    _cleanup_(ext2_edit_release) struct ext2_edit edit = EXT2_EDIT_NONE;
    if (ext2_edit_init(&edit, source, err) != 0)
        return -1;
    for (size_t i = 0; i < n_patches; i++)
        if (apply(&edit, &patches[i], err) != 0)
            return error_wrap(err, "put '%s' into the image", patches[i].path);
    return write_patches(&edit, out_fd, err);
}
