/* SPDX-License-Identifier: Apache-2.0 */
#include "block_source.h"

#include "launch_set.h"
#include "patches.h"
#include "plan.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "overlay/extent.h"
#include "storage/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every Solo5 guest can live with. */
#define BLOCK_SIZE 512

static int add_device(struct launch_set *set, const struct plan_block *block, uint32_t flags,
                      uint64_t capacity, uint32_t n_extents, size_t *out_device, struct error *err)
{
    struct launch_block launch = {
        .flags = flags, .block_size = BLOCK_SIZE, .n_extents = n_extents, .capacity = capacity};
    snprintf(launch.name, sizeof(launch.name), "%s", block->device);
    return launch_set_add_block(set, &launch, out_device, err);
}

/* --- volumes: a file or block device as it is --- */

/* A single extent that covers the whole file. */
static int make_extent(uint64_t capacity, int *out_fd, struct error *err)
{
    struct extent extent = {.off = 0, .len = capacity, .file_off = 0, .file = 0};
    _cleanup_close_ int fd = memfd_create("extents", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "describe the volume");
    if (fd_write_all(fd, &extent, sizeof(extent), "extents", err) < 0)
        return -1;
    *out_fd = take_fd(&fd);
    return 0;
}

static int open_volume(const struct plan_block *block, struct launch_set *set, struct error *err)
{
    _cleanup_close_ int fd = -1, extents = -1;
    size_t device;

    if (fd_open(AT_FDCWD, block->path, (block->is_readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK, 0, &fd, err) <
        0)
        return -1;
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return error_errno(err, "find the size of '%s'", block->path);
    if (size == 0 || size % EXTENT_ALIGN != 0)
        return error_set(err, ERROR_INPUT, "'%s' has %lld bytes, which is no multiple of %u", block->path,
                         (long long)size, EXTENT_ALIGN);
    if (make_extent((uint64_t)size, &extents, err) < 0)
        return -1;
    if (add_device(set, block, block->is_readonly ? LAUNCH_BLOCK_READ_ONLY : LAUNCH_BLOCK_WRITE_THROUGH,
                   (uint64_t)size, 1, &device, err) < 0)
        return -1;
    if (launch_set_add(set, LAUNCH_FD_EXTENTS, device, take_fd(&extents), err) < 0)
        return -1;
    return launch_set_add(set, LAUNCH_FD_DATA, device, take_fd(&fd), err);
}

/* --- images --- */

static enum image_format image_format_of(const struct plan *plan, const struct plan_block *block)
{
    switch (block->format) {
    case UNIKERNEL_FORMAT_RAW:
        return IMAGE_RAW;
    case UNIKERNEL_FORMAT_EXT2:
        return IMAGE_EXT2;
    case UNIKERNEL_FORMAT_TAR:
        return IMAGE_TAR;
    case UNIKERNEL_FORMAT_CPIO:
        return IMAGE_CPIO;
    case UNIKERNEL_FORMAT_ISO9660:
        return IMAGE_ISO9660;
    case UNIKERNEL_FORMAT_FAT:
        return IMAGE_FAT;
    case UNIKERNEL_FORMAT_DEFAULT:
        break;
    }
    /* Mirage's libraries read tar archives; most others that read any file system read ext2. */
    return plan->kind == GUEST_MIRAGE ? IMAGE_TAR : IMAGE_EXT2;
}

/* Moves the image's descriptors into the launch message. */
static int add_image(const struct plan_block *block, bool is_readonly, struct image *image,
                     struct launch_set *set, struct error *err)
{
    size_t device;
    if (add_device(set, block, is_readonly ? LAUNCH_BLOCK_READ_ONLY : 0, image->capacity, image->n_extents,
                   &device, err) < 0)
        return -1;
    if (launch_set_add(set, LAUNCH_FD_EXTENTS, device, take_fd(&image->extents_fd), err) < 0)
        return -1;
    if (image->patches_fd >= 0 &&
        launch_set_add(set, LAUNCH_FD_PATCHES, device, take_fd(&image->patches_fd), err) < 0)
        return -1;
    for (size_t i = 0; i < image->n_data_fds; i++)
        if (launch_set_add(set, LAUNCH_FD_DATA, device, take_fd(&image->data_fds[i]), err) < 0)
            return -1;
    return 0;
}

static int open_image(const struct plan *plan, const struct plan_block *block, struct store *store,
                      struct launch_set *set, struct error *err)
{
    _cleanup_(patches_release) struct patches patches = PATCHES_NONE;
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    bool is_rootfs = block->source == UNIKERNEL_BLOCK_ROOTFS;
    struct image_request request = {
        .rootfs = block->source == UNIKERNEL_BLOCK_MOUNT ? block->path : plan->rootfs,
        .format = block->source == UNIKERNEL_BLOCK_FILE ? IMAGE_RAW : image_format_of(plan, block),
        .raw_path = block->source == UNIKERNEL_BLOCK_FILE ? block->path : NULL};

    if (is_rootfs && patches_collect(plan->config, &patches, err) < 0)
        return -1;
    request.patches = patches.items;
    request.n_patches = patches.n;
    if (image_open(store, &request, &image, err) < 0)
        return -1;
    return add_image(block, block->is_readonly || (is_rootfs && plan->config->root.readonly), &image, set,
                     err);
}

static void store_closep(struct store **store)
{
    store_close(*store);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int block_source_open(const struct plan *plan, const char *store_path, struct launch_set *set,
                      struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;

    for (size_t i = 0; i < plan->n_blocks; i++) {
        const struct plan_block *block = &plan->blocks[i];
        bool is_volume = block->source == UNIKERNEL_BLOCK_MOUNT && !is_directory(block->path);
        if (!is_volume && store == NULL && store_open(store_path, &store, err) < 0)
            return -1;
        int result = is_volume ? open_volume(block, set, err) : open_image(plan, block, store, set, err);
        if (result < 0)
            return error_wrap(err, "block device \"%s\"", block->device);
    }
    return 0;
}
