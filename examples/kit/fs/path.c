/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path to a file. The path still to walk is kept in a buffer; a symbolic link's text is put in front
 * of what is left of it, and the walk goes on from the link's directory, or from the root when the text
 * starts with a slash.
 */
#include "kit/fs/ext2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    struct fs_file here; /* the directory that the rest starts at, or the file found */
    char *rest;          /* NUL-terminated, in buf */
    unsigned n_links;
    char buf[FS_PATH_MAX + 1];
};

int64_t fs_read(const struct fs_file *file, uint64_t off, void *buf, size_t size)
{
    if (file->type == FS_DIRECTORY)
        return -EISDIR;
    if (file->type != FS_FILE)
        return -EINVAL;
    return ext2_read(file, off, buf, size);
}

int64_t fs_read_link(const struct fs_file *link, char *buf, size_t size)
{
    if (link->type != FS_LINK)
        return -EINVAL;
    if (link->size >= size)
        return -ERANGE;
    if (link->size < sizeof(link->blocks)) { /* a short text stands where the block numbers would */
        memcpy(buf, link->blocks, (size_t)link->size);
    } else {
        int64_t n = ext2_read(link, 0, buf, (size_t)link->size);
        if (n != (int64_t)link->size)
            return n < 0 ? n : -EIO;
    }
    buf[link->size] = '\0';
    return (int64_t)link->size;
}

/* Puts the link's text in front of the rest of the path. */
static int follow(struct walk *walk, const struct fs_file *link)
{
    if (++walk->n_links > FS_LINKS_MAX)
        return -ELOOP;
    size_t rest_size = strlen(walk->rest);
    if (link->size == 0 || link->size + rest_size > FS_PATH_MAX)
        return link->size == 0 ? -ENOENT : -ENAMETOOLONG;

    char *text = malloc((size_t)link->size + 1);
    if (text == NULL)
        return -ENOMEM;
    int64_t n = fs_read_link(link, text, (size_t)link->size + 1);
    if (n >= 0) {
        memmove(walk->buf + n, walk->rest, rest_size + 1);
        memcpy(walk->buf, text, (size_t)n);
        walk->rest = walk->buf;
    }
    free(text);
    if (n < 0)
        return (int)n;
    return walk->rest[0] == '/' ? ext2_load_inode(link->fs, EXT2_ROOT, &walk->here) : 0;
}

/* Goes one component on. name is not empty, and rest follows it. */
static int step(struct walk *walk, const char *name, size_t size, bool is_last_followed)
{
    struct fs *fs = walk->here.fs;
    struct fs_file next;
    uint32_t number;

    if (size > FS_NAME_MAX)
        return -ENAMETOOLONG;
    int result = ext2_find(&walk->here, name, size, &number);
    if (result == 0)
        result = ext2_load_inode(fs, number, &next);
    if (result != 0)
        return result;
    bool is_last = walk->rest[strspn(walk->rest, "/")] == '\0';
    if (next.type == FS_LINK && (!is_last || is_last_followed || walk->rest[0] == '/'))
        return follow(walk, &next);
    walk->here = next;
    return 0;
}

static int walk_path(struct fs *fs, const char *path, bool is_last_followed, struct fs_file *out)
{
    size_t size = strlen(path);
    if (path[0] != '/')
        return -EINVAL;
    if (size > FS_PATH_MAX)
        return -ENAMETOOLONG;
    struct walk *walk = malloc(sizeof(*walk));
    if (walk == NULL)
        return -ENOMEM;
    walk->n_links = 0;
    walk->rest = memcpy(walk->buf, path, size + 1);

    int result = ext2_load_inode(fs, EXT2_ROOT, &walk->here);
    while (result == 0) {
        bool wants_directory = walk->rest[0] == '/';
        walk->rest += strspn(walk->rest, "/");
        if (wants_directory && walk->here.type != FS_DIRECTORY)
            result = -ENOTDIR;
        if (result != 0 || walk->rest[0] == '\0')
            break;
        const char *name = walk->rest;
        size_t name_size = strcspn(name, "/");
        walk->rest += name_size;
        result = step(walk, name, name_size, is_last_followed);
    }
    if (result == 0)
        *out = walk->here;
    free(walk);
    return result;
}

int fs_open(struct fs *fs, const char *path, struct fs_file *out)
{
    return walk_path(fs, path, true, out);
}

int fs_open_link(struct fs *fs, const char *path, struct fs_file *out)
{
    return walk_path(fs, path, false, out);
}
