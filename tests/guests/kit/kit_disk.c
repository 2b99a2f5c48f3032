/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does to its block devices what its arguments say, in order:
 *
 *     write DEVICE BLOCK TEXT   writes a block of 512 bytes that starts with TEXT: "written" or "refused"
 *     read DEVICE BLOCK         prints the text that a block starts with
 *     fill DEVICE               writes a block in every page, until one is refused; prints how many were not
 *     cat DEVICE PATH           prints a file of the ext2 file system on a device
 *     wait                      stays for ever
 */
#include "kit/fs.h"
#include "kit/manifest.h"
#include "solo5.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 512u
#define PAGE  4096u

MANIFEST(MANIFEST_DEVICE_BLOCK("root"), MANIFEST_DEVICE_BLOCK("data"));

/* A device, and what is mounted from it. */
struct disk {
    const char *name;
    int is_open;
    solo5_handle_t handle;
    struct solo5_block_info info;
    struct fs *fs;
};

static struct disk disks[] = {{.name = "root"}, {.name = "data"}};
static unsigned char buf[BLOCK + 1];

/* A device is acquired once only. */
static struct disk *find_disk(const char *name)
{
    for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
        struct disk *disk = &disks[i];
        if (strcmp(disk->name, name) != 0)
            continue;
        if (!disk->is_open && solo5_block_acquire(name, &disk->handle, &disk->info) != SOLO5_R_OK)
            return NULL;
        disk->is_open = 1;
        return disk;
    }
    return NULL;
}

static int read_disk(void *context, uint64_t off, void *to, size_t size)
{
    const struct disk *disk = context;
    return solo5_block_read(disk->handle, off, to, size) == SOLO5_R_OK ? 0 : -EIO;
}

static int write_block(const struct disk *disk, solo5_off_t off, const char *text)
{
    memset(buf, 0, sizeof(buf));
    memcpy(buf, text, strlen(text) < BLOCK ? strlen(text) : BLOCK);
    return solo5_block_write(disk->handle, off, buf, BLOCK) == SOLO5_R_OK;
}

static void read_block(const struct disk *disk, solo5_off_t off)
{
    memset(buf, 0, sizeof(buf));
    if (solo5_block_read(disk->handle, off, buf, BLOCK) == SOLO5_R_OK)
        printf("block: %s\n", (const char *)buf);
    else
        puts("cannot be read");
}

static void fill(const struct disk *disk)
{
    unsigned n = 0;
    while ((solo5_off_t)n * PAGE < disk->info.capacity && write_block(disk, (solo5_off_t)n * PAGE, "filled"))
        n++;
    printf("filled: %u\n", n);
}

static void show_file(struct disk *disk, const char *path)
{
    const struct fs_source source = {
        .read = read_disk, .context = disk, .size = disk->info.capacity, .unit = BLOCK};
    struct fs_file file;
    int failed = disk->fs != NULL ? 0 : fs_mount(&source, &disk->fs);
    if (failed == 0)
        failed = fs_open(disk->fs, path, &file);
    if (failed != 0) {
        printf("%s: error %d\n", path, failed);
        return;
    }
    int64_t size = fs_read(&file, 0, buf, BLOCK);
    buf[size > 0 ? size : 0] = '\0';
    printf("%s: %s\n", path, (const char *)buf);
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 3) {
        struct disk *disk = find_disk(argv[i + 1]);
        if (disk == NULL)
            return 1;
        if (strcmp(argv[i], "fill") == 0) {
            fill(disk);
            i--;
        } else if (i + 2 >= argc) {
            return 2;
        } else if (strcmp(argv[i], "write") == 0 && i + 3 < argc) {
            puts(write_block(disk, (solo5_off_t)atoi(argv[i + 2]) * BLOCK, argv[i + 3]) ? "written"
                                                                                        : "refused");
            i++;
        } else if (strcmp(argv[i], "read") == 0) {
            read_block(disk, (solo5_off_t)atoi(argv[i + 2]) * BLOCK);
        } else {
            show_file(disk, argv[i + 2]);
        }
    }
    while (argc > 1 && strcmp(argv[argc - 1], "wait") == 0)
        solo5_yield(solo5_clock_monotonic() + 1000000000u, NULL);
    return 0;
}
