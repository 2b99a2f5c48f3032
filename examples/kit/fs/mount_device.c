/* SPDX-License-Identifier: Apache-2.0 */
/* A Solo5 block device as a source of a file system. */
#include "kit/fs.h"
#include "kit/window.h"
#include "solo5.h"

#include <errno.h>
#include <stdint.h>

static int read_device(void *context, uint64_t off, void *buf, size_t size)
{
    solo5_handle_t handle = (solo5_handle_t)(uintptr_t)context;
    return solo5_block_read(handle, off, buf, size) == SOLO5_R_OK ? 0 : -EIO;
}

static const void *view_device(void *context, uint64_t off, size_t size)
{
    return window_view((solo5_handle_t)(uintptr_t)context, off, size);
}

int fs_mount_device(const char *name, struct fs **out)
{
    solo5_handle_t handle;
    struct solo5_block_info info;
    if (solo5_block_acquire(name, &handle, &info) != SOLO5_R_OK)
        return -ENODEV;

    struct fs_source source = {.read = read_device,
                               .view = view_device,
                               .context = (void *)(uintptr_t)handle,
                               .size = info.capacity,
                               .unit = (uint32_t)info.block_size};
    return fs_mount(&source, out);
}
