/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames by the ring. Whatever is unusual goes by the hypercall, which refuses what Solo5's library would
 * see refused: handles of no network device, buffers that are not the guest's, frames that no network takes.
 *
 * Programs read until there is nothing more, and then yield. So one read that finds nothing, right after
 * something was found or the monitor was asked, is told so without asking once more.
 */
#include "frames.h"

int graft_net_read(uint64_t handle, unsigned char *buf, size_t size, size_t *read_size);
int graft_net_write(uint64_t handle, const unsigned char *buf, size_t size);
void graft_call_net_read(volatile struct hc_net_read *call);
void graft_call_net_write(volatile struct hc_net_write *call);

/* Without a whole Ethernet header. */
#define FRAME_BYTES_MIN 14u

/* As many frames may wait for the next look at them. */
#define LAZY_MAX 32u

INLINE int read_by_hypercall(uint64_t handle, unsigned char *buf, size_t size, size_t *read_size)
{
    volatile struct hc_net_read call = {.handle = handle, .data = buf, .len = size};

    hypercall(HYPERCALL_NET_READ, &call);
    *read_size = call.len;
    return call.ret;
}

INLINE int write_by_hypercall(uint64_t handle, const unsigned char *buf, size_t size)
{
    volatile struct hc_net_write call = {.handle = handle, .data = buf, .len = size};

    hypercall(HYPERCALL_NET_WRITE, &call);
    return call.ret;
}

/* Whether the device has a frame in a buffer; the monitor is asked for one if it is not known to have none.
 */
INLINE bool find_frame(const struct graft_net *net, uint64_t handle)
{
    struct graft_frames *frames = net->frames;
    const uint64_t bit = 1ull << handle;

    if ((frames->ready & bit) == 0)
        take_commits(net);
    if ((frames->ready & bit) != 0)
        return true;
    if ((frames->asked & bit) != 0 && is_known(net)) {
        frames->asked &= ~bit;
        return false;
    }
    (void)ask(net, 0);
    frames->asked &= ~bit;
    take_commits(net);
    return (frames->ready & bit) != 0;
}

int graft_net_read(uint64_t handle, unsigned char *buf, size_t size, size_t *read_size)
{
    const struct graft_net *net = net_table();

    if (!has_device(net, handle) || !is_in_memory(net, buf, size) || size == 0)
        return read_by_hypercall(handle, buf, size, read_size);
    start_receiving(net);
    if (!find_frame(net, handle)) {
        *read_size = size;
        return RESULT_AGAIN;
    }
    const uint32_t number = net->frames->queues[handle].first - 1u;
    const size_t len = net->frames->lens[number] < size ? net->frames->lens[number] : size;
    /* If these are no addresses to write to, nothing has happened. */
    copy(buf, buffer_at(net, number), len);
    *read_size = len;
    remove_first(net->frames, handle);
    post(net, number);
    return RESULT_OK;
}

void graft_call_net_read(volatile struct hc_net_read *call)
{
    size_t len = call->len;

    call->ret = graft_net_read(call->handle, call->data, len, &len);
    call->len = len;
}

/* The monitor learns of what was submitted: by itself, if it is at it, or will look soon and there is not
 * much. */
INLINE void ring_bell(const struct graft_net *net, uint32_t lazy_max)
{
    const struct ring *ring = net->ring;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (ring->needs_kick == 0 || (net->is_watched != 0 && ring->entry_tail - ring->entry_head < lazy_max))
        return;
    __asm__ __volatile__("outl %0, %w1" : : "a"(0), "d"(DOORBELL_PORT) : "memory");
}

/* The next buffer to send from. Lets the monitor work; one that takes long has no CPU to do so: then this one
 * is lent to it, by an exit. */
INLINE uint32_t find_write_buffer(const struct graft_net *net)
{
    const uint32_t i = (uint32_t)(net->frames->n_written % net->n_writes);
    const uint32_t end = net->frames->write_ends[i];

    if (net->frames->n_written < net->n_writes)
        return i;
    if ((int32_t)(net->ring->entry_head - end) < 0)
        ring_bell(net, 0);
    for (unsigned spins = 1; (int32_t)(__atomic_load_n(&net->ring->entry_head, __ATOMIC_ACQUIRE) - end) < 0;
         spins++) {
        __builtin_ia32_pause();
        if (spins % SPINS_MAX == 0)
            (void)ask(net, 0);
    }
    return i;
}

int graft_net_write(uint64_t handle, const unsigned char *buf, size_t size)
{
    const struct graft_net *net = net_table();

    if (!has_device(net, handle))
        return write_by_hypercall(handle, buf, size);
    start_receiving(net);
    if (!is_in_memory(net, buf, size) || size < FRAME_BYTES_MIN || size > net->buffer_bytes) {
        (void)ask(net, 0); /* nothing is overtaken */
        return write_by_hypercall(handle, buf, size);
    }
    const uint32_t i = find_write_buffer(net);
    unsigned char *buffer = buffer_at(net, i);
    copy(buffer, buf, size);
    submit(net->ring, &(struct ring_entry){.operation = RING_NET_WRITE,
                                           .handle = (uint32_t)handle,
                                           .data = buffer,
                                           .len = (uint32_t)size});
    net->frames->write_ends[i] = net->frames->last_write_end = net->ring->entry_tail;
    net->frames->n_written++;
    ring_bell(net, LAZY_MAX);
    return RESULT_OK;
}

void graft_call_net_write(volatile struct hc_net_write *call)
{
    call->ret = graft_net_write(call->handle, call->data, call->len);
}
