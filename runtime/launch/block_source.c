/* SPDX-License-Identifier: Apache-2.0 */
#include "block_source.h"

#include "engine_archives.h"
#include "id_maps.h"
#include "launch_set.h"
#include "patches.h"
#include "plan.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "overlay/extent.h"
#include "storage/delta_file.h"
#include "storage/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What every Solo5 guest can live with. */
#define BLOCK_SIZE 512

static uint32_t flags_of(enum plan_writes writes)
{
    switch (writes) {
    case PLAN_WRITES_FAIL:
        return LAUNCH_BLOCK_READ_ONLY;
    case PLAN_WRITES_THROUGH:
        return LAUNCH_BLOCK_WRITE_THROUGH;
    case PLAN_WRITES_KEPT:
        return LAUNCH_BLOCK_KEPT;
    case PLAN_WRITES_PRIVATE:
        break;
    }
    return 0;
}

static int add_device(struct launch_set *set, const struct plan_block *block, uint64_t capacity,
                      uint32_t n_extents, size_t *out_device, struct error *err)
{
    struct launch_block launch = {.flags = flags_of(block->writes),
                                  .block_size = BLOCK_SIZE,
                                  .n_extents = n_extents,
                                  .capacity = capacity,
                                  .write_limit = block->write_limit};
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

/* The lock goes with the descriptor to the monitor, and ends with it. */
static int lock_volume(const char *path, int fd, bool is_written, struct error *err)
{
    if (flock(fd, (is_written ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return error_errno(err, "lock '%s'", path);
    return error_set(err, ERROR_STATE, "'%s' is in use by another container", path);
}

static int open_volume(const struct plan_block *block, struct launch_set *set, struct error *err)
{
    bool is_written = block->writes == PLAN_WRITES_THROUGH;
    _cleanup_close_ int fd = -1, extents = -1;
    size_t device;

    if (fd_open(AT_FDCWD, block->path, (is_written ? O_RDWR : O_RDONLY) | O_NONBLOCK, 0, &fd, err) < 0 ||
        lock_volume(block->path, fd, is_written, err) < 0)
        return -1;
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return error_errno(err, "find the size of '%s'", block->path);
    if (size == 0 || size % EXTENT_ALIGN != 0)
        return error_set(err, ERROR_INPUT, "'%s' has %lld bytes, which is no multiple of %u", block->path,
                         (long long)size, EXTENT_ALIGN);
    if (make_extent((uint64_t)size, &extents, err) < 0 ||
        add_device(set, block, (uint64_t)size, 1, &device, err) < 0)
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

static const char *format_text(enum image_format format)
{
    static const char *const texts[] = {
        [IMAGE_EXT2] = "ext2",       [IMAGE_TAR] = "tar", [IMAGE_CPIO] = "cpio",
        [IMAGE_ISO9660] = "iso9660", [IMAGE_FAT] = "fat", [IMAGE_RAW] = "raw"};
    return texts[format];
}

/* Says whose writes a delta file keeps: a directory's by its path, and others by the container's device. */
static char *describe_owner(const struct block_source_request *request, const struct plan_block *block,
                            enum image_format format, struct error *err)
{
    char *text = NULL;
    _cleanup_free_ char *path = NULL;
    if (block->source != UNIKERNEL_BLOCK_MOUNT) {
        if (asprintf(&text, "the block device '%s' of the container '%s' of '%s'", block->device, request->id,
                     request->root) < 0)
            text = NULL;
    } else {
        path = realpath(block->path, NULL);
        if (path == NULL || asprintf(&text, "the volume '%s' as %s", path, format_text(format)) < 0)
            text = NULL;
    }
    if (text == NULL)
        error_errno(err, "keep what is written to '%s'", block->path != NULL ? block->path : block->device);
    return text;
}

/* Opens the delta file; the image's patches are in it then. */
static int open_delta(const struct block_source_request *request, const struct plan_block *block,
                      enum image_format format, struct store *store, struct image *image, int *out_fd,
                      struct error *err)
{
    _cleanup_free_ char *owner = NULL;
    if (block->source == UNIKERNEL_BLOCK_ROOTFS && (format == IMAGE_TAR || format == IMAGE_CPIO))
        return error_set(err, ERROR_REFUSED,
                         "changes to the root file system cannot be kept as %s: files of this container are "
                         "part of the archive",
                         format_text(format));
    owner = describe_owner(request, block, format, err);
    if (owner == NULL || delta_file_open(store, owner, image, out_fd, err) < 0)
        return -1;
    if (image->patches_fd >= 0)
        close(take_fd(&image->patches_fd));
    return 0;
}

/* Moves the image's descriptors into the launch message. */
static int add_image(const struct plan_block *block, struct image *image, int *delta_fd,
                     struct launch_set *set, struct error *err)
{
    size_t device;
    if (add_device(set, block, image->capacity, image->n_extents, &device, err) < 0)
        return -1;
    if (launch_set_add(set, LAUNCH_FD_EXTENTS, device, take_fd(&image->extents_fd), err) < 0)
        return -1;
    if (image->patches_fd >= 0 &&
        launch_set_add(set, LAUNCH_FD_PATCHES, device, take_fd(&image->patches_fd), err) < 0)
        return -1;
    if (image->filling_fd >= 0 &&
        launch_set_add(set, LAUNCH_FD_FILLING, device, take_fd(&image->filling_fd), err) < 0)
        return -1;
    if (*delta_fd >= 0 && launch_set_add(set, LAUNCH_FD_DELTA, device, take_fd(delta_fd), err) < 0)
        return -1;
    for (size_t i = 0; i < image->n_data_fds; i++)
        if (launch_set_add(set, LAUNCH_FD_DATA, device, take_fd(&image->data_fds[i]), err) < 0)
            return -1;
    return 0;
}

static int open_image(const struct block_source_request *request, const struct plan_block *block,
                      struct store *store, struct launch_set *set, struct error *err)
{
    const struct plan *plan = request->plan;
    _cleanup_(patches_release) struct patches patches = PATCHES_NONE;
    _cleanup_(id_maps_release) struct id_maps ids = ID_MAPS_NONE;
    _cleanup_(image_release) struct image image = IMAGE_NONE;
    _cleanup_(engine_archives_release) struct engine_archives archives = ENGINE_ARCHIVES_NONE;
    const struct image_archives asked = engine_archives_for(&archives);
    _cleanup_close_ int delta_fd = -1;
    struct image_request wanted = {
        .rootfs = block->source == UNIKERNEL_BLOCK_MOUNT ? block->path : plan->rootfs,
        .format = block->source == UNIKERNEL_BLOCK_FILE ? IMAGE_RAW : image_format_of(plan, block),
        .raw_path = block->source == UNIKERNEL_BLOCK_FILE ? block->path : NULL};

    if (block->source == UNIKERNEL_BLOCK_ROOTFS && patches_collect(plan, &patches, err) < 0)
        return -1;
    if (id_maps_load(plan->config, &ids, err) < 0)
        return -1;
    wanted.patches = patches.items;
    wanted.n_patches = patches.n;
    wanted.uids = ids.uids;
    wanted.gids = ids.gids;
    wanted.archives = &asked;
    if (image_open(store, &wanted, &image, err) < 0)
        return -1;
    if (block->writes == PLAN_WRITES_KEPT &&
        open_delta(request, block, wanted.format, store, &image, &delta_fd, err) < 0)
        return -1;
    return add_image(block, &image, &delta_fd, set, err);
}

static void store_closep(struct store **store)
{
    store_close(*store);
}

int block_source_open(const struct block_source_request *request, struct launch_set *set, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;

    for (size_t i = 0; i < request->plan->n_blocks; i++) {
        const struct plan_block *block = &request->plan->blocks[i];
        bool is_volume = block->source == UNIKERNEL_BLOCK_MOUNT && !block->is_tree;
        if (!is_volume && store == NULL && store_open(request->store, &store, err) < 0)
            return -1;
        int result = is_volume ? open_volume(block, set, err) : open_image(request, block, store, set, err);
        if (result < 0)
            return error_wrap(err, "block device \"%s\"", block->device);
    }
    return 0;
}
