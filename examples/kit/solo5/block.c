/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/device.h"
#include "kit/solo5/hypercall.h"
#include "kit/solo5/window.h"
#include "kit/window.h"

#include <stdbool.h>
#include <string.h>

/* Whether size bytes at offset are whole blocks inside the device. */
static bool is_valid(const struct manifest_entry *device, solo5_off_t offset, size_t size)
{
    if (device == NULL)
        return false;
    const struct manifest_block *block = &device->u.block;
    return size > 0 && ((offset | size) & (block->block_size - 1u)) == 0 && offset <= block->capacity &&
           size <= block->capacity - offset;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info)
{
    const struct manifest_entry *device = device_acquire(name, MANIFEST_BLOCK, handle);
    if (device == NULL)
        return SOLO5_R_EINVAL;
    info->capacity = device->u.block.capacity;
    info->block_size = device->u.block.block_size;
    return SOLO5_R_OK;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    static struct hc_block_read call;
    if (!is_valid(device_get(handle, MANIFEST_BLOCK), offset, size))
        return SOLO5_R_EINVAL;

    const void *view = window_view(handle, offset, size);
    if (view != NULL) {
        memcpy(buf, view, size);
        return SOLO5_R_OK;
    }
    call = (struct hc_block_read){.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_READ, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    static struct hc_block_write call;
    if (!is_valid(device_get(handle, MANIFEST_BLOCK), offset, size))
        return SOLO5_R_EINVAL;

    call = (struct hc_block_write){.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_WRITE, &call);
    window_note_write(handle, offset, size);
    return (solo5_result_t)call.ret;
}
