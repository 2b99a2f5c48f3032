/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contents are sent from where the host shows them, if it does. Else they are read in chunks, and chunks are
 * kept, the least recently used one going first: so a file that is asked for often is read once, and a large
 * one does not need memory for all of it.
 */
#include "site.h"

#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE (32u << 10)
#define CHUNKS_MAX 256
#define MEMORY_MAX (4u << 20) /* bytes in all chunks */
#define INDEX      "index.html"

struct chunk {
    uint64_t last_use; /* 0: empty */
    uint64_t off;      /* in the file */
    uint32_t number;   /* the file */
    size_t size;
    char *data;
};

static struct fs *fs;
static const char *root; /* without a slash at its end */
static struct chunk chunks[CHUNKS_MAX];
static size_t memory_used;
static uint64_t n_uses;

int site_open(const char *device, const char *folder)
{
    struct fs_file file;
    int result = fs_mount_device(device, &fs);
    if (result == 0)
        result = fs_open(fs, folder, &file);
    if (result == 0 && file.type != FS_DIRECTORY)
        result = -ENOTDIR;
    root = strcmp(folder, "/") == 0 ? "" : folder;
    return result;
}

static int status_of(int error)
{
    switch (error) {
    case 0:
        return 200;
    case -ENOENT:
    case -ENOTDIR:
    case -ENAMETOOLONG:
    case -ELOOP:
        return 404;
    case -ENOMEM:
        return 503;
    default:
        return 500;
    }
}

/* Looks path up, and for a directory its index. path has room for the index's name. */
static int find(char *path, struct fs_file *file)
{
    size_t size = strlen(path);
    bool is_directory_wanted = path[size - 1] == '/';
    int status = status_of(fs_open(fs, path, file));
    if (status == 200 && file->type == FS_DIRECTORY) {
        if (!is_directory_wanted) {
            memcpy(path + size, "/", 2);
            return 301;
        }
        memcpy(path + size, INDEX, sizeof(INDEX));
        status = status_of(fs_open(fs, path, file));
    }
    return status == 200 && file->type != FS_FILE ? 404 : status;
}

void site_find(struct slice target, char *path, struct resource *out, struct fs_file *file)
{
    size_t root_size = strlen(root);
    *out = (struct resource){.path = path + root_size};
    if (root_size + REQUEST_TARGET_MAX + sizeof(INDEX) > SITE_PATH_MAX ||
        target_decode(target, path + root_size, REQUEST_TARGET_MAX) != 0) {
        out->status = 400;
        return;
    }
    memcpy(path, root, root_size);
    out->status = find(path, file);
    if (out->status == 200) {
        out->number = file->number;
        out->size = file->size;
        out->mtime = file->mtime;
    }
}

static void drop(struct chunk *chunk)
{
    free(chunk->data);
    memory_used -= chunk->size;
    *chunk = (struct chunk){0};
}

static struct chunk *least_recently_used(void)
{
    struct chunk *oldest = NULL;
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        if (chunks[i].last_use != 0 && (oldest == NULL || chunks[i].last_use < oldest->last_use))
            oldest = &chunks[i];
    return oldest;
}

/* An empty place with memory for size bytes, at the cost of others. NULL when there is no memory at all. */
static struct chunk *make_room(size_t size)
{
    struct chunk *place = NULL;
    for (size_t i = 0; i < CHUNKS_MAX && place == NULL; i++)
        if (chunks[i].last_use == 0)
            place = &chunks[i];
    for (;;) {
        struct chunk *oldest = least_recently_used();
        char *data = place != NULL && memory_used + size <= MEMORY_MAX ? malloc(size) : NULL;
        if (data != NULL) {
            *place = (struct chunk){.size = size, .data = data};
            memory_used += size;
            return place;
        }
        if (oldest == NULL)
            return NULL;
        drop(oldest);
        place = oldest;
    }
}

int site_read(const struct fs_file *file, uint64_t off, const char **out, size_t *out_size)
{
    uint64_t start = off - off % CHUNK_SIZE;
    struct chunk *chunk = NULL;
    const void *view;
    *out_size = fs_view(file, off, CHUNK_SIZE, &view);
    if (*out_size > 0) {
        *out = view;
        return 0;
    }
    n_uses++;
    for (size_t i = 0; i < CHUNKS_MAX && chunk == NULL; i++)
        if (chunks[i].last_use != 0 && chunks[i].number == file->number && chunks[i].off == start)
            chunk = &chunks[i];

    if (chunk == NULL) {
        size_t size = file->size - start < CHUNK_SIZE ? (size_t)(file->size - start) : CHUNK_SIZE;
        chunk = make_room(size);
        if (chunk == NULL)
            return -ENOMEM;
        if (fs_read(file, start, chunk->data, size) != (int64_t)size) {
            drop(chunk);
            return -EIO;
        }
        chunk->number = file->number;
        chunk->off = start;
    }
    chunk->last_use = n_uses;
    *out_size = chunk->size - (size_t)(off - start);
    *out = chunk->data + (off - start);
    return 0;
}
