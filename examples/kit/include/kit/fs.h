/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the image: an ext2 file system, read-only, on a block device.
 *
 *     struct fs *fs;
 *     struct fs_file file;
 *     if (fs_mount_device("root", &fs) == 0 && fs_open(fs, "/etc/motd", &file) == 0)
 *         n = fs_read(&file, 0, buf, sizeof(buf));
 *
 * What can fail returns a negative error number of <errno.h>: -EIO for a device that fails and for a file
 * system that contradicts itself. Nothing that an image can hold makes these functions do anything worse.
 *
 * A file is a small structure of the caller's. It holds nothing and needs no closing; it is good as long as
 * the file system is mounted. Nothing changes under it: the host keeps other writers away.
 */
#ifndef KIT_FS_H
#define KIT_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FS_PATH_MAX  4096 /* bytes of a path, and of a symbolic link's text */
#define FS_NAME_MAX  255  /* bytes of one name */
#define FS_LINKS_MAX 16   /* symbolic links on the way to one file */

struct fs;

enum fs_type {
    FS_OTHER = 0, /* a device, a pipe, a socket */
    FS_FILE,
    FS_DIRECTORY,
    FS_LINK
};

/* Fields are the caller's to read. */
struct fs_file {
    struct fs *fs;
    uint32_t number; /* of the inode: the same for all names of a file */
    enum fs_type type;
    uint16_t mode;      /* permission bits */
    int64_t mtime;      /* seconds since the Unix epoch */
    uint64_t size;      /* bytes */
    uint8_t blocks[60]; /* the file system's own */
};

struct fs_entry {
    uint32_t number;
    char name[FS_NAME_MAX + 1];
};

/* Where the bytes come from. */
struct fs_source {
    /* Reads size bytes at off. Both are multiples of unit; the range lies inside. Returns 0, or a negative
     * error. */
    int (*read)(void *context, uint64_t off, void *buf, size_t size);
    /* The same bytes where they are; NULL when they are to be had by read() only. May itself be NULL. */
    const void *(*view)(void *context, uint64_t off, size_t size);
    void *context;
    uint64_t size; /* bytes */
    uint32_t unit; /* bytes: a power of two, 32768 at most */
};

/*
 * Mounts what source holds. -EINVAL: no ext2; -EOPNOTSUPP: one with features that this reader does not know;
 * -ENOMEM. *out is the caller's to unmount.
 */
int fs_mount(const struct fs_source *source, struct fs **out);

/* Acquires the block device that the manifest calls name, and mounts it. -ENODEV: there is none. */
int fs_mount_device(const char *name, struct fs **out);

void fs_unmount(struct fs *fs);

/*
 * Finds the file at an absolute path; "." and ".." have their usual meaning, and ".." of the root is the
 * root. Symbolic links are followed, the last component's too. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG.
 */
int fs_open(struct fs *fs, const char *path, struct fs_file *out);

/* As fs_open(), but a symbolic link as the last component is itself what is found. */
int fs_open_link(struct fs *fs, const char *path, struct fs_file *out);

/*
 * Reads up to size bytes at off. Returns how many: less than size only at the end of the file. -EISDIR for a
 * directory, -EINVAL for what is no file.
 */
int64_t fs_read(const struct fs_file *file, uint64_t off, void *buf, size_t size);

/*
 * Finds contents without a copy: *out points at what lies at off, and the result says how many bytes of it
 * are there, at most size. 0 when there is no such memory (or the file ends before off): fs_read() knows. The
 * memory stays as long as the file system is mounted.
 */
size_t fs_view(const struct fs_file *file, uint64_t off, size_t size, const void **out);

/* Reads a symbolic link's text; buf gets a NUL after it. Returns its length; -ERANGE when size is too small.
 */
int64_t fs_read_link(const struct fs_file *link, char *buf, size_t size);

/*
 * Reads a directory entry by entry. *position is 0 for the first one and is moved on. Returns 1, or 0 at the
 * end; -ENOTDIR. "." and ".." are among the entries; the order is the image's.
 */
int fs_read_directory(const struct fs_file *directory, uint64_t *position, struct fs_entry *out);

#endif
