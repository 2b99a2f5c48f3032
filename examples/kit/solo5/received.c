/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of Solo5's reads until there is nothing more, and then yields. The yield brings the next frames,
 * so the read that finds nothing need not ask the host; only one that finds nothing twice does.
 */
#include "kit/solo5/received.h"

#include "kit/solo5/hypercall.h"
#include "kit/solo5/ring.h"

#include <string.h>

static uint8_t buffers[RING_POSTS_MAX][RING_BUF_BYTES];
static struct ring *ring; /* NULL: no device yet */
static solo5_handle_t our_handle;

static void post(uint32_t id)
{
    ring_post(ring, our_handle, buffers[id], RING_BUF_BYTES, id);
}

bool received_is_for(solo5_handle_t handle, const struct manifest_entry *device)
{
    if (ring != NULL)
        return handle == our_handle;
    if (ring_find() == NULL || !ring_can_post() || device->u.net.mtu + SOLO5_NET_HLEN > RING_BUF_BYTES)
        return false;
    ring = ring_find();
    our_handle = handle;
    for (uint32_t id = 0; id < RING_POSTS_MAX; id++)
        post(id);
    return true;
}

/* The id of a buffer with a frame. */
static bool take(uint32_t *id, size_t *size)
{
    while (ring_take(ring, id, size)) {
        if (*size > 0)
            return true;
        post(*id);
    }
    return false;
}

solo5_result_t received_read(uint8_t *buf, size_t size, size_t *read_size)
{
    static struct hc_poll call;
    static unsigned n_misses = 1; /* the first read finds nothing posted */
    uint32_t id;
    size_t length;

    bool has_frame = take(&id, &length);
    if (!has_frame && n_misses++ > 0) {
        call = (struct hc_poll){.timeout_nsecs = 0};
        hypercall(HYPERCALL_POLL, &call);
        has_frame = take(&id, &length);
    }
    if (!has_frame)
        return SOLO5_R_AGAIN;
    n_misses = 0;
    *read_size = length < size ? length : size;
    memcpy(buf, buffers[id], *read_size);
    post(id);
    return SOLO5_R_OK;
}

solo5_handle_set_t received_ready(void)
{
    if (ring == NULL || ring->commit_tail == ring->commit_head)
        return 0;
    return (solo5_handle_set_t)1 << our_handle;
}
