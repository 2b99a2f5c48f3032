/* SPDX-License-Identifier: Apache-2.0 */
#include "dev_net.h"

#include "hypercall.h"
#include "syscalls.h"

#include <errno.h>
#include <unistd.h>

int32_t dev_net_send(struct guest *guest, const struct device *device, const void *frame, uint64_t len)
{
    ssize_t n = syscalls_write(device->u.net.fd, frame, len);

    if (n >= 0) {
        guest_count(&guest->status->net_sent_bytes, (uint64_t)n);
        guest_count(&guest->status->net_sent_packets, 1);
        return RESULT_OK;
    }
    if (errno == EAGAIN || errno == EINTR || errno == EIO || errno == ENOBUFS)
        return RESULT_OK;
    return errno == EINVAL ? RESULT_EINVAL : RESULT_EUNSPEC;
}

int32_t dev_net_receive(struct guest *guest, const struct device *device, void *frame, uint64_t room,
                        uint64_t *out_len)
{
    ssize_t n = read(device->u.net.fd, frame, room);

    if (n > 0) {
        guest_count(&guest->status->net_received_bytes, (uint64_t)n);
        guest_count(&guest->status->net_received_packets, 1);
        *out_len = (uint64_t)n;
        return RESULT_OK;
    }
    return n == 0 || errno == EAGAIN || errno == EINTR || errno == EIO ? RESULT_AGAIN : RESULT_EUNSPEC;
}

enum hypercall_verdict dev_net_write(struct guest *guest, void *args)
{
    struct hc_net_write *call = args;
    const struct device *device = guest_find_device(guest, call->handle, MANIFEST_NET);

    call->ret = RESULT_EINVAL;
    if (device == NULL)
        return HYPERCALL_DONE;
    const void *frame = guest_borrow(guest, call->data, call->len);
    if (frame == NULL)
        return hypercall_bad_address(guest, call->data, call->len);
    call->ret = dev_net_send(guest, device, frame, call->len);
    return HYPERCALL_DONE;
}

enum hypercall_verdict dev_net_read(struct guest *guest, void *args)
{
    struct hc_net_read *call = args;
    const struct device *device = guest_find_device(guest, call->handle, MANIFEST_NET);

    call->ret = RESULT_EINVAL;
    if (device == NULL)
        return HYPERCALL_DONE;
    void *frame = guest_mem_borrow_writable(&guest->mem, call->data, call->len);
    if (frame == NULL)
        return hypercall_bad_address(guest, call->data, call->len);
    call->ret = dev_net_receive(guest, device, frame, call->len, &call->len);
    return HYPERCALL_DONE;
}
