/* SPDX-License-Identifier: Apache-2.0 */
#include "solo5_library.h"

#include "abi/note.h"

static const struct manifest *manifest;

void solo5_library_init(const struct boot_info *info)
{
    manifest = info->mft;
}

static const struct manifest_entry *find_device(solo5_handle_t handle, uint32_t type)
{
    if (handle >= manifest->n_entries || manifest->entries[handle].type != type)
        return NULL;
    return &manifest->entries[handle];
}

static int is_one_block(solo5_handle_t handle, solo5_off_t offset, size_t size)
{
    const struct manifest_entry *entry = find_device(handle, MANIFEST_BLOCK);
    return entry != NULL && offset % entry->u.block.block_size == 0 && size == entry->u.block.block_size;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    volatile struct hc_block_read call = {.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_READ, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    if (!is_one_block(handle, offset, size))
        return SOLO5_R_EINVAL;
    volatile struct hc_block_write call = {.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HYPERCALL_BLOCK_WRITE, &call);
    return (solo5_result_t)call.ret;
}

int platform_puts(const char *buf, int size)
{
    print_bytes(buf, (uint64_t)(int64_t)size);
    return size;
}

void solo5_console_write(const char *buf, size_t size)
{
    print_bytes(buf, size);
}
