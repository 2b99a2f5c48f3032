/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ext2 image: mounted, walked, and read wherever the walk leads. */
#include "kit/fs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT        512
#define DEPTH_MAX   4
#define ENTRIES_MAX 64 /* of a directory, and so many reads of a file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_data(void *context, uint64_t off, void *buf, size_t size)
{
    memcpy(buf, (const uint8_t *)context + off, size);
    return 0;
}

static const void *view_data(void *context, uint64_t off, size_t size)
{
    return size % 3 != 0 ? (const uint8_t *)context + off : NULL;
}

static void read_file(const struct fs_file *file)
{
    static char buf[9000];
    uint64_t step = file->size / ENTRIES_MAX + 1, off = 0;
    for (int i = 0; i < ENTRIES_MAX && off < file->size; i++, off += step) {
        const void *view = buf;
        fs_read(file, off, buf, (size_t)(off % sizeof(buf)));
        size_t n = fs_view(file, off, (size_t)(off % sizeof(buf)), &view);
        memmove(buf, view, n);
    }
}

static void walk(struct fs *fs, const char *path, int depth)
{
    struct fs_file file;
    struct fs_entry entry;
    uint64_t position = 0;
    char text[FS_PATH_MAX + 1], below[FS_PATH_MAX + FS_NAME_MAX + 2];

    if (fs_open_link(fs, path, &file) == 0)
        fs_read_link(&file, text, sizeof(text));
    if (fs_open(fs, path, &file) != 0)
        return;
    read_file(&file);
    for (int i = 0; depth < DEPTH_MAX && i < ENTRIES_MAX && fs_read_directory(&file, &position, &entry) > 0;
         i++) {
        snprintf(below, sizeof(below), "%s/%s", path, entry.name);
        if (strchr(entry.name, '/') == NULL && strlen(below) <= FS_PATH_MAX)
            walk(fs, below, entry.name[0] == '.' ? DEPTH_MAX : depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fs *fs;
    union {
        const uint8_t *in;
        void *out;
    } bytes = {.in = data};
    struct fs_source source = {
        .read = read_data, .context = bytes.out, .size = size - size % UNIT, .unit = UNIT};
    if (size % UNIT % 2 == 1)
        source.view = view_data;
    if (fs_mount(&source, &fs) != 0)
        return 0;
    walk(fs, "/", 0);
    fs_unmount(fs);
    return 0;
}
