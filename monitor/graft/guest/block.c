/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block reads out of a window. What is refused is what Solo5's library refuses, in its order: an unknown
 * handle, an offset inside a block, another size than one block. What no window shows (the end of a device
 * that is not a whole page, a device beyond what windows may show in all, an offset beyond the device) is
 * read, or refused, by the hypercall.
 */
#include "copy.h"
#include "hypercall.h"

#include <stdbool.h>

int graft_block_read(uint64_t handle, uint64_t offset, unsigned char *buf, size_t size);
void graft_call_block_read(volatile struct hc_block_read *call);

INLINE int read_by_hypercall(uint64_t handle, uint64_t offset, unsigned char *buf, size_t size)
{
    volatile struct hc_block_read call = {.handle = handle, .offset = offset, .data = buf, .len = size};

    hypercall(HYPERCALL_BLOCK_READ, &call);
    return call.ret;
}

/* NULL: not one whole block of such a device. */
INLINE const struct graft_block *find_block(uint64_t handle, uint64_t offset, size_t size)
{
    if (handle >= MANIFEST_ENTRIES_MAX)
        return NULL;
    const struct graft_block *block = &graft_table()->blocks[handle];
    if (block->block_size == 0 || (offset & (block->block_size - 1)) != 0 || size != block->block_size)
        return NULL;
    return block;
}

INLINE bool is_in_window(const struct graft_block *block, uint64_t offset, size_t size)
{
    return size <= block->window_bytes && offset <= block->window_bytes - size;
}

int graft_block_read(uint64_t handle, uint64_t offset, unsigned char *buf, size_t size)
{
    const struct graft_block *block = find_block(handle, offset, size);

    if (block == NULL)
        return RESULT_EINVAL;
    if (!is_in_window(block, offset, size))
        return read_by_hypercall(handle, offset, buf, size);
    copy(buf, block->window + offset, size);
    return RESULT_OK;
}

void graft_call_block_read(volatile struct hc_block_read *call)
{
    const struct graft_block *block = find_block(call->handle, call->offset, call->len);

    if (block == NULL || !is_in_window(block, call->offset, call->len)) {
        hypercall(HYPERCALL_BLOCK_READ, call);
        return;
    }
    copy(call->data, block->window + call->offset, call->len);
    call->ret = RESULT_OK;
}
