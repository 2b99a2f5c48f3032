/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices: whole blocks, copied between guest memory and the overlay. */
#include "hypercall.h"

static bool is_whole_blocks(const struct block_device *block, uint64_t off, uint64_t len)
{
    return off % block->block_size == 0 && len % block->block_size == 0 && off < block->overlay.capacity &&
           len <= block->overlay.capacity - off;
}

static int32_t result_of(enum overlay_result result)
{
    switch (result) {
    case OVERLAY_OK:
        return RESULT_OK;
    case OVERLAY_RANGE:
        return RESULT_EINVAL;
    default:
        return RESULT_EUNSPEC;
    }
}

enum hypercall_verdict dev_block_write(struct guest *guest, void *args)
{
    struct hc_block_write *call = args;
    struct device *device = guest_find_device(guest, call->handle, MANIFEST_BLOCK);

    call->ret = RESULT_EINVAL;
    if (device == NULL || !is_whole_blocks(&device->u.block, call->offset, call->len))
        return HYPERCALL_DONE;
    const void *from = guest_mem_borrow(&guest->mem, call->data, call->len);
    if (from == NULL)
        return hypercall_bad_address(guest, call->data, call->len);

    call->ret = result_of(overlay_write(&device->u.block.overlay, call->offset, from, call->len));
    if (call->ret == RESULT_OK)
        guest_count(&guest->status->block_write_bytes, call->len);
    return HYPERCALL_DONE;
}

enum hypercall_verdict dev_block_read(struct guest *guest, void *args)
{
    struct hc_block_read *call = args;
    struct device *device = guest_find_device(guest, call->handle, MANIFEST_BLOCK);

    call->ret = RESULT_EINVAL;
    if (device == NULL || !is_whole_blocks(&device->u.block, call->offset, call->len))
        return HYPERCALL_DONE;
    void *to = guest_mem_borrow_writable(&guest->mem, call->data, call->len);
    if (to == NULL)
        return hypercall_bad_address(guest, call->data, call->len);

    call->ret = result_of(overlay_read(&device->u.block.overlay, call->offset, to, call->len));
    if (call->ret == RESULT_OK)
        guest_count(&guest->status->block_read_bytes, call->len);
    return HYPERCALL_DONE;
}
