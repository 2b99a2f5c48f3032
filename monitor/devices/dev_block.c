/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices: whole blocks, copied between guest memory and the overlay. */
#include "hypercall.h"
#include "syscalls.h"

#include <stdio.h>
#include <unistd.h>

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

/* Says once for each device that its reads or writes fail, and why: the guest learns no more than that they
 * do. */
static void report_failure(const struct guest *guest, struct device *device, const char *what,
                           enum overlay_result result)
{
    static const char *const causes[] = {
        [OVERLAY_READ_ONLY_DEVICE] = NULL, /* the guest was told so */
        [OVERLAY_IO] = "the file behind it fails",
        [OVERLAY_FULL] = "the limit of what it may write is reached",
        [OVERLAY_NO_SPACE] = "no space left on the disk behind it",
    };
    char text[256];
    size_t n = sizeof(causes) / sizeof(causes[0]);
    if (device->u.block.has_failed || (size_t)result >= n || causes[result] == NULL)
        return;
    device->u.block.has_failed = true;
    int size = snprintf(text, sizeof(text), "wherry-monitor: block device '%s': %s fails: %s\n",
                        guest->manifest.entries[device - guest->devices].name, what, causes[result]);
    (void)!syscalls_write(STDERR_FILENO, text, (size_t)size);
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

    enum overlay_result result;
    do
        result = overlay_write(&device->u.block.overlay, call->offset, from, call->len);
    while (result == OVERLAY_IO && guest_wait_filled(guest));
    call->ret = result_of(result);
    if (call->ret != RESULT_OK)
        report_failure(guest, device, "writing", result);
    else
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

    enum overlay_result result;
    do
        result = overlay_read(&device->u.block.overlay, call->offset, to, call->len);
    while (result == OVERLAY_IO && guest_wait_filled(guest));
    call->ret = result_of(result);
    if (call->ret != RESULT_OK)
        report_failure(guest, device, "reading", result);
    else
        guest_count(&guest->status->block_read_bytes, call->len);
    return HYPERCALL_DONE;
}
