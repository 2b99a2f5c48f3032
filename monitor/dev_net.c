/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices: one frame a call, between guest memory and a tap.
 *
 * A network may lose frames: what the tap has no room for, or what is sent while the interface is down, is
 * dropped as a switch would drop it.
 */
#include "hypercall.h"
#include "syscalls.h"

#include <errno.h>
#include <unistd.h>

enum hypercall_verdict dev_net_write(struct guest *guest, void *args)
{
    struct hc_net_write *call = args;
    struct device *device = guest_find_device(guest, call->handle, MANIFEST_NET);

    call->ret = RESULT_EINVAL;
    if (device == NULL)
        return HYPERCALL_DONE;
    const void *frame = guest_mem_borrow(&guest->mem, call->data, call->len);
    if (frame == NULL)
        return hypercall_bad_address(guest, call->data, call->len);

    ssize_t n = syscalls_write(device->u.net.fd, frame, call->len);
    if (n >= 0) {
        guest_count(&guest->status->net_sent_bytes, (uint64_t)n);
        guest_count(&guest->status->net_sent_packets, 1);
        call->ret = RESULT_OK;
    } else if (errno == EAGAIN || errno == EINTR || errno == EIO || errno == ENOBUFS) {
        call->ret = RESULT_OK;
    } else if (errno != EINVAL) {
        call->ret = RESULT_EUNSPEC;
    }
    return HYPERCALL_DONE;
}

enum hypercall_verdict dev_net_read(struct guest *guest, void *args)
{
    struct hc_net_read *call = args;
    struct device *device = guest_find_device(guest, call->handle, MANIFEST_NET);

    call->ret = RESULT_EINVAL;
    if (device == NULL)
        return HYPERCALL_DONE;
    void *frame = guest_mem_borrow_writable(&guest->mem, call->data, call->len);
    if (frame == NULL)
        return hypercall_bad_address(guest, call->data, call->len);

    ssize_t n = read(device->u.net.fd, frame, call->len);
    if (n > 0) {
        guest_count(&guest->status->net_received_bytes, (uint64_t)n);
        guest_count(&guest->status->net_received_packets, 1);
        call->len = (uint64_t)n;
        call->ret = RESULT_OK;
    } else if (n == 0 || errno == EAGAIN || errno == EINTR || errno == EIO) {
        call->ret = RESULT_AGAIN;
    } else {
        call->ret = RESULT_EUNSPEC;
    }
    return HYPERCALL_DONE;
}
