/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: entries are taken in order, one by one, and each is published as taken (entry_head) when its buffer
 * is not needed any more. Who submits stores the entry, then entry_tail (release); here entry_tail is loaded
 * first (acquire), then the entry. Commits are the same in the other direction.
 *
 * Sleeping is Dekker's handshake: the guest stores entry_tail and then looks at needs_kick; the monitor
 * stores needs_kick and then looks at entry_tail, each with a full barrier in between, so one of them sees
 * the other.
 *
 * The guest runs meanwhile and can write anything anywhere in the ring. Therefore every shared word is read
 * by one atomic load and never twice.
 */
#include "ring.h"

#include "dev_net.h"
#include "x86_64/ticks.h"

#include <poll.h>
#include <stdio.h>

/* A device has its turn for so many frames. */
#define FRAMES_AT_ONCE 64

/* As long as a thread that only looks; then the other one is perhaps not running. */
#define SPINS_MAX 1000

void ring_init(struct ring_server *server, struct ring *shared, bool can_post)
{
    server->shared = shared;
    server->can_post = can_post;
    shared->needs_kick = 1;
}

static void copy_entry(const struct ring_entry *from, struct ring_entry *to)
{
    *to = (struct ring_entry){
        .operation = __atomic_load_n(&from->operation, __ATOMIC_RELAXED),
        .handle = __atomic_load_n(&from->handle, __ATOMIC_RELAXED),
        .data = {__atomic_load_n(&from->data.value, __ATOMIC_RELAXED)},
        .len = __atomic_load_n(&from->len, __ATOMIC_RELAXED),
        .id = __atomic_load_n(&from->id, __ATOMIC_RELAXED),
    };
}

static void post_commit(struct ring_server *server, uint32_t id, int32_t ret, uint32_t len)
{
    uint32_t tail = atomic_load_explicit(&server->commit_tail, memory_order_relaxed);
    struct ring_commit *commit = &server->shared->commits[tail & RING_MASK];

    __atomic_store_n(&commit->id, id, __ATOMIC_RELAXED);
    __atomic_store_n(&commit->ret, ret, __ATOMIC_RELAXED);
    __atomic_store_n(&commit->len, len, __ATOMIC_RELAXED);
    atomic_store_explicit(&server->commit_tail, tail + 1, memory_order_relaxed);
    __atomic_store_n(&server->shared->commit_tail, tail + 1, __ATOMIC_RELEASE);
}

/* ---- Posted buffers ---- */

/* Returns false when there is no room. */
static bool add_post(struct ring_server *server, uint32_t handle, const struct ring_post *post)
{
    struct ring_queue *queue = &server->queues[handle];
    uint32_t number = server->free_post;

    if (number != 0)
        server->free_post = server->posts[number - 1].next;
    else if (server->n_posts < RING_SLOTS)
        number = ++server->n_posts;
    else
        return false;
    server->posts[number - 1] = *post;
    if (queue->first == 0)
        queue->first = number;
    else
        server->posts[queue->last - 1].next = number;
    queue->last = number;
    return true;
}

static void remove_first_post(struct ring_server *server, struct ring_queue *queue)
{
    uint32_t number = queue->first;
    struct ring_post *post = &server->posts[number - 1];

    queue->first = post->next;
    post->next = server->free_post;
    server->free_post = number;
}

/* Returns how many frames. */
static uint32_t receive(struct guest *guest, uint32_t handle)
{
    struct ring_queue *queue = &guest->ring.queues[handle];
    const struct device *device = &guest->devices[handle];
    uint32_t n = 0;

    while (queue->first != 0 && n < FRAMES_AT_ONCE) {
        const struct ring_post *post = &guest->ring.posts[queue->first - 1];
        uint64_t len = 0;
        if (dev_net_receive(guest, device, post->buffer, post->len, &len) != RESULT_OK)
            break;
        post_commit(&guest->ring, post->id, RESULT_OK, (uint32_t)len);
        remove_first_post(&guest->ring, queue);
        n++;
    }
    return n;
}

uint64_t ring_receive(struct guest *guest)
{
    uint64_t handles = 0;

    if (guest->ring.n_posts == 0)
        return 0;
    for (nfds_t i = 0; i < guest->polls.n_fds; i++)
        if (receive(guest, guest->polls.handles[i]) > 0)
            handles |= 1ull << guest->polls.handles[i];
    return handles;
}

/* ---- Entries ---- */

/* There is one who serves at a time. */
static void note_answer(struct ring_server *server)
{
    uint32_t n = atomic_load_explicit(&server->n_answers, memory_order_relaxed);
    atomic_store_explicit(&server->n_answers, n + 1, memory_order_relaxed);
}

static enum ring_verdict bad_address(struct ring_server *server, const struct ring_entry *entry)
{
    snprintf(server->breach, sizeof(server->breach),
             "invalid guest access: %u bytes at 0x%llx, of an entry in the ring, are not the guest's to use",
             entry->len, (unsigned long long)entry->data.value);
    return RING_BREACH;
}

static enum ring_verdict serve_write(struct guest *guest, const struct ring_entry *entry)
{
    const struct device *device = guest_find_device(guest, entry->handle, MANIFEST_NET);

    if (device == NULL)
        return RING_SERVED;
    const void *frame = guest_mem_borrow(&guest->mem, entry->data, entry->len);
    if (frame == NULL)
        return bad_address(&guest->ring, entry);
    /* This thread may not wait: a frame out of a window's part that is not there yet is lost, as frames may
     * be. */
    (void)dev_net_send(guest, device, frame, entry->len);
    if (guest->ring.n_posts > 0)
        note_answer(&guest->ring);
    return RING_SERVED;
}

static enum ring_verdict serve_read(struct guest *guest, const struct ring_entry *entry)
{
    const struct device *device = guest_find_device(guest, entry->handle, MANIFEST_NET);
    int32_t ret = RESULT_EINVAL;
    uint64_t len = 0;

    if (device != NULL) {
        void *frame = guest_mem_borrow_writable(&guest->mem, entry->data, entry->len);
        if (frame == NULL)
            return bad_address(&guest->ring, entry);
        ret = dev_net_receive(guest, device, frame, entry->len, &len);
    }
    if (ret != RESULT_OK)
        note_answer(&guest->ring);
    post_commit(&guest->ring, entry->id, ret, (uint32_t)len);
    return RING_SERVED;
}

static enum ring_verdict serve_post(struct guest *guest, const struct ring_entry *entry)
{
    struct ring_server *server = &guest->ring;

    if (guest_find_device(guest, entry->handle, MANIFEST_NET) == NULL) {
        post_commit(server, entry->id, RESULT_EINVAL, 0);
        return RING_SERVED;
    }
    const struct ring_post post = {.buffer = guest_mem_borrow_writable(&guest->mem, entry->data, entry->len),
                                   .len = entry->len,
                                   .id = entry->id};
    if (post.buffer == NULL)
        return bad_address(server, entry);
    if (!add_post(server, entry->handle, &post)) {
        snprintf(server->breach, sizeof(server->breach), "more than %u buffers posted", RING_SLOTS);
        return RING_BREACH;
    }
    return RING_SERVED;
}

static enum ring_verdict serve_entry(struct guest *guest, const struct ring_entry *entry)
{
    switch (entry->operation) {
    case RING_NET_WRITE:
        return serve_write(guest, entry);
    case RING_NET_READ:
        return serve_read(guest, entry);
    case RING_NET_POST:
        return guest->ring.can_post ? serve_post(guest, entry) : RING_SERVED;
    default:
        return RING_SERVED;
    }
}

static enum ring_verdict serve_entries(struct guest *guest)
{
    struct ring_server *server = &guest->ring;
    uint32_t head = atomic_load_explicit(&server->entry_head, memory_order_relaxed);
    uint32_t n = __atomic_load_n(&server->shared->entry_tail, __ATOMIC_ACQUIRE) - head;

    if (n == 0)
        return RING_IDLE;
    if (n > RING_SLOTS) {
        snprintf(server->breach, sizeof(server->breach), "%u entries submitted to a ring of %u", n,
                 RING_SLOTS);
        return RING_BREACH;
    }
    for (; n > 0; n--) {
        struct ring_entry entry;
        copy_entry(&server->shared->entries[head & RING_MASK], &entry);
        if (serve_entry(guest, &entry) == RING_BREACH)
            return RING_BREACH;
        head++;
        atomic_store_explicit(&server->entry_head, head, memory_order_relaxed);
        __atomic_store_n(&server->shared->entry_head, head, __ATOMIC_RELEASE);
    }
    return RING_SERVED;
}

/* ---- Who serves ---- */

static bool try_lock(struct ring_server *server)
{
    return !atomic_exchange_explicit(&server->is_taken, true, memory_order_acquire);
}

void ring_unlock(struct ring_server *server)
{
    atomic_store_explicit(&server->is_taken, false, memory_order_release);
}

enum ring_verdict ring_serve(struct guest *guest)
{
    if (!try_lock(&guest->ring))
        return RING_TAKEN;
    enum ring_verdict verdict = serve_entries(guest);
    /* After a breach nobody serves any more. */
    if (verdict == RING_BREACH)
        return RING_BREACH;
    if (ring_receive(guest) != 0)
        verdict = RING_SERVED;
    ring_unlock(&guest->ring);
    return verdict;
}

enum ring_verdict ring_lock(struct guest *guest)
{
    static const struct timespec moment = {.tv_nsec = 50000};
    enum ring_verdict verdict;

    for (unsigned spins = 0; !try_lock(&guest->ring); spins++) {
        if (spins < SPINS_MAX)
            ticks_relax();
        else
            ppoll(NULL, 0, &moment, NULL);
    }
    while ((verdict = serve_entries(guest)) == RING_SERVED)
        ;
    return verdict;
}

enum ring_verdict ring_drain(struct guest *guest)
{
    if (guest->ring.shared == NULL)
        return RING_IDLE;
    enum ring_verdict verdict = ring_lock(guest);
    if (verdict == RING_IDLE)
        ring_unlock(&guest->ring);
    return verdict;
}

bool ring_has_commits(const struct ring_server *server)
{
    return __atomic_load_n(&server->shared->commit_head, __ATOMIC_RELAXED) !=
           atomic_load_explicit(&server->commit_tail, memory_order_relaxed);
}

bool ring_has_entries(const struct ring_server *server)
{
    return __atomic_load_n(&server->shared->entry_tail, __ATOMIC_RELAXED) !=
           atomic_load_explicit(&server->entry_head, memory_order_relaxed);
}

void ring_watch(struct ring_server *server, bool is_watched)
{
    __atomic_store_n(server->is_watched, is_watched ? 1 : 0, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool ring_doze(struct ring_server *server)
{
    __atomic_store_n(&server->shared->needs_kick, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!ring_has_entries(server))
        return true;
    ring_wake(server);
    return false;
}

void ring_wake(struct ring_server *server)
{
    __atomic_store_n(&server->shared->needs_kick, 0, __ATOMIC_RELEASE);
}

void ring_set_receiving(struct ring_server *server, bool is_receiving)
{
    __atomic_store_n(&server->shared->is_receiving, is_receiving, __ATOMIC_RELAXED);
}
