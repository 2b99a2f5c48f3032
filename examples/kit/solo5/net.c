/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/device.h"
#include "kit/solo5/hypercall.h"
#include "kit/solo5/received.h"
#include "kit/solo5/ring.h"

#include <string.h>

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
    const struct manifest_entry *device = device_acquire(name, MANIFEST_NET, handle);
    if (device == NULL)
        return SOLO5_R_EINVAL;
    memcpy(info->mac_address, device->u.net.mac, sizeof(info->mac_address));
    info->mtu = device->u.net.mtu;
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    static struct hc_net_write call;
    struct ring *ring = ring_find();
    if (ring != NULL && size <= RING_BUF_BYTES && device_get(handle, MANIFEST_NET) != NULL) {
        ring_write(ring, handle, buf, size, ring_is_answering());
        return SOLO5_R_OK;
    }
    call = (struct hc_net_write){.handle = handle, .data = buf, .len = size};
    hypercall(HYPERCALL_NET_WRITE, &call);
    return (solo5_result_t)call.ret;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    static struct hc_net_read call;
    const struct manifest_entry *device = device_get(handle, MANIFEST_NET);
    if (device != NULL && received_is_for(handle, device))
        return received_read(buf, size, read_size);
    struct ring *ring = ring_find();
    if (ring != NULL && !ring_can_post())
        return ring_read(ring, handle, buf, size, read_size);
    call = (struct hc_net_read){.handle = handle, .data = buf, .len = size};
    hypercall(HYPERCALL_NET_READ, &call);
    *read_size = call.len;
    return (solo5_result_t)call.ret;
}
