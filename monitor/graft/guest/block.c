/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block reads out of a window. What is refused is what Solo5's library refuses, in its order: an unknown
 * handle, an offset inside a block, another size than one block. What no window shows (the end of a device
 * that is not a whole page, a device beyond what windows may show in all, an offset beyond the device) is
 * read, or refused, by the hypercall.
 */
#include "hypercall.h"

int graft_block_read(uint64_t handle, uint64_t offset, unsigned char *buf, size_t size);

static inline __attribute__((always_inline)) void copy(unsigned char *to, const unsigned char *from, size_t n)
{
    __asm__ __volatile__("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static inline __attribute__((always_inline)) int read_by_hypercall(uint64_t handle, uint64_t offset,
                                                                   unsigned char *buf, size_t size)
{
    volatile struct hc_block_read call = {.handle = handle, .offset = offset, .data = buf, .len = size};

    hypercall(HYPERCALL_BLOCK_READ, &call);
    return call.ret;
}

int graft_block_read(uint64_t handle, uint64_t offset, unsigned char *buf, size_t size)
{
    if (handle >= MANIFEST_ENTRIES_MAX)
        return RESULT_EINVAL;
    const struct graft_block *block = &graft_table()->blocks[handle];
    if (block->block_size == 0 || (offset & (block->block_size - 1)) != 0 || size != block->block_size)
        return RESULT_EINVAL;
    if (size > block->window_bytes || offset > block->window_bytes - size)
        return read_by_hypercall(handle, offset, buf, size);
    copy(buf, block->window + offset, size);
    return RESULT_OK;
}
