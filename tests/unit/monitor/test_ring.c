/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises of ring.h with a guest that has memory and a network device but no VM: what the entries ask for
 * happens once and in order, what they must not ask for does no harm, and nobody sleeps through the bell.
 */
#include "ring.h"

#include "attach.h"
#include "hypercall.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATA  0x120000u
#define CODE  0x100000u
#define NET   1
#define ROUND (3 * RING_SLOTS + 5)

static struct guest guest;
static struct status status;
static struct ring *ring;
static int peer; /* the other end of the network device */

static void make_guest(void)
{
    static const struct guest_seal code = {CODE, CODE + 0x1000};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct error err = {0};
    int pair[2];

    guest = (struct guest){.status = &status};
    status = (struct status){0};
    guest.manifest = (struct manifest_table){
        .version = 1,
        .n_entries = 2,
        .entries = {{.type = MANIFEST_RESERVED_FIRST}, {.name = "net", .type = MANIFEST_NET}}};
    ck_assert_ok(guest_mem_init(&guest.mem, GUEST_MEM_MIN, RING_BYTES, &err), err);
    guest_mem_seal(&guest.mem, &code, 1);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    ck_assert_ok(attach_net(&guest, &guest.manifest.entries[NET], pair[0], mac, 1500, &err), err);
    peer = pair[1];
    ring = guest_mem_at(&guest.mem, GUEST_MEM_MIN, RING_BYTES);
    ring_init(&guest.ring, ring, true);
}

static void drop_guest(void)
{
    guest_release(&guest);
    close(peer);
}

static void submit(uint32_t operation, uint32_t handle, uint64_t data, uint32_t len)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] = (struct ring_entry){
        .operation = operation, .handle = handle, .data = {data}, .len = len, .id = tail + 100};
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_RELEASE);
}

/* The oldest commit that was not taken. */
static struct ring_commit take_commit(void)
{
    ck_assert_uint_ne(ring->commit_tail, ring->commit_head);
    struct ring_commit commit = ring->commits[ring->commit_head & RING_MASK];
    ring->commit_head = ring->commit_head + 1;
    return commit;
}

static void *at(uint64_t addr)
{
    return guest_mem_at(&guest.mem, addr, 1);
}

START_TEST(a_fresh_ring_is_empty_and_wants_to_be_rung)
{
    make_guest();
    ck_assert_uint_eq(ring->needs_kick, 1);
    ck_assert_int_eq(ring_serve(&guest), RING_IDLE);
    drop_guest();
}
END_TEST

START_TEST(writes_are_sent_in_order_without_a_commit)
{
    char frame[8];
    make_guest();
    memcpy(at(DATA), "onetwo", 6);
    submit(RING_NET_WRITE, NET, DATA, 3);
    submit(RING_NET_WRITE, NET, DATA + 3, 3);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_int_eq(recv(peer, frame, sizeof(frame), 0), 3);
    ck_assert_mem_eq(frame, "one", 3);
    ck_assert_int_eq(recv(peer, frame, sizeof(frame), 0), 3);
    ck_assert_mem_eq(frame, "two", 3);
    ck_assert_uint_eq(ring->entry_head, 2);
    ck_assert_uint_eq(ring->commit_tail, 0);
    ck_assert_uint_eq(atomic_load(&status.net_sent_packets), 2);
    ck_assert_uint_eq(atomic_load(&status.net_sent_bytes), 6);
    drop_guest();
}
END_TEST

START_TEST(reads_are_answered_at_once)
{
    make_guest();
    ck_assert_int_eq(send(peer, "frame", 5, 0), 5);
    submit(RING_NET_READ, NET, DATA, 1514);
    submit(RING_NET_READ, NET, DATA + 2048, 1514);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    struct ring_commit first = take_commit(), second = take_commit();
    ck_assert_uint_eq(first.id, 100);
    ck_assert_int_eq(first.ret, RESULT_OK);
    ck_assert_uint_eq(first.len, 5);
    ck_assert_mem_eq(at(DATA), "frame", 5);
    ck_assert_uint_eq(second.id, 101);
    ck_assert_int_eq(second.ret, RESULT_AGAIN);
    ck_assert_uint_eq(second.len, 0);
    ck_assert_uint_eq(atomic_load(&status.net_received_packets), 1);
    ck_assert_uint_eq(atomic_load(&status.net_received_bytes), 5);
    drop_guest();
}
END_TEST

/* The indices pass 2^32 - 1 on the way. */
START_TEST(the_ring_goes_round_and_its_indices_overflow)
{
    char frame[8];
    make_guest();
    ring->entry_tail = ring->entry_head = ring->commit_head = ring->commit_tail = UINT32_MAX - RING_SLOTS;
    atomic_store(&guest.ring.entry_head, ring->entry_head);
    guest.ring.commit_tail = ring->commit_tail;
    for (uint32_t i = 0; i < ROUND; i++) {
        ck_assert_int_eq(send(peer, &i, sizeof(i), 0), sizeof(i));
        submit(RING_NET_READ, NET, DATA, 64);
        submit(RING_NET_WRITE, NET, DATA, sizeof(i));
        ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
        ck_assert_int_eq(take_commit().ret, RESULT_OK);
        ck_assert_int_eq(recv(peer, frame, sizeof(frame), 0), sizeof(i));
        ck_assert_mem_eq(frame, &i, sizeof(i));
    }
    ck_assert_uint_lt(ring->entry_head, ROUND * 2);
    drop_guest();
}
END_TEST

START_TEST(a_full_ring_is_served_whole)
{
    make_guest();
    for (unsigned i = 0; i < RING_SLOTS; i++)
        submit(RING_NET_READ, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    for (uint32_t i = 0; i < RING_SLOTS; i++) {
        struct ring_commit commit = take_commit();
        ck_assert_uint_eq(commit.id, i + 100);
        ck_assert_int_eq(commit.ret, RESULT_AGAIN);
    }
    drop_guest();
}
END_TEST

START_TEST(commits_that_nobody_takes_are_lost)
{
    make_guest();
    for (unsigned i = 0; i < RING_SLOTS + 3; i++) {
        submit(RING_NET_READ, NET, DATA, 64);
        ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    }
    ck_assert_uint_eq(ring->commit_tail, RING_SLOTS + 3);
    ck_assert_uint_eq(ring->commits[0].id, 100 + RING_SLOTS);
    drop_guest();
}
END_TEST

/* Whatever the guest writes to the monitor's words, its own are what counts. */
START_TEST(published_indices_are_not_read_back)
{
    make_guest();
    submit(RING_NET_READ, NET, DATA, 64);
    ring->entry_head = 77;
    ring->commit_tail = 99;
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_uint_eq(ring->entry_head, 1);
    ck_assert_uint_eq(ring->commit_tail, 1);
    ck_assert_uint_eq(ring->commits[0].id, 100);
    drop_guest();
}
END_TEST

START_TEST(indices_that_jump_are_a_breach)
{
    static const uint32_t tails[] = {RING_SLOTS + 1, 0x80000000u, UINT32_MAX};
    make_guest();
    ring->entry_tail = tails[_i];
    ck_assert_int_eq(ring_serve(&guest), RING_BREACH);
    ck_assert_ptr_nonnull(strstr(guest.ring.breach, "entries submitted to a ring of 1024"));
    ck_assert_int_eq(ring_serve(&guest), RING_TAKEN);
    drop_guest();
}
END_TEST

START_TEST(addresses_without_rights_are_a_breach)
{
    static const struct {
        uint32_t operation;
        uint64_t data;
        uint32_t len;
    } cases[] = {{RING_NET_READ, GUEST_MEM_MIN - 10, 11},
                 {RING_NET_READ, CODE + 0xfff, 2},
                 {RING_NET_READ, GUEST_MEM_MIN, 64},
                 {RING_NET_READ, UINT64_MAX - 3, 64},
                 {RING_NET_READ, DATA, UINT32_MAX},
                 {RING_NET_READ, 0x10000, 8},
                 {RING_NET_READ, 0, 0},
                 {RING_NET_WRITE, GUEST_MEM_MIN - 10, 11},
                 {RING_NET_WRITE, GUEST_MEM_MIN, 64},
                 {RING_NET_WRITE, 0x1000, 64},
                 {RING_NET_WRITE, UINT64_MAX - 3, 64},
                 {RING_NET_WRITE, DATA, UINT32_MAX},
                 {RING_NET_WRITE, GUEST_MEM_MIN + RING_BYTES, 1}};
    make_guest();
    submit(cases[_i].operation, NET, cases[_i].data, cases[_i].len);
    ck_assert_int_eq(ring_serve(&guest), RING_BREACH);
    ck_assert_ptr_nonnull(strstr(guest.ring.breach, "invalid guest access"));
    ck_assert_uint_eq(ring->commit_tail, 0);
    drop_guest();
}
END_TEST

START_TEST(a_buffer_may_end_where_memory_ends)
{
    make_guest();
    ck_assert_int_eq(send(peer, "frame", 5, 0), 5);
    submit(RING_NET_READ, NET, GUEST_MEM_MIN - 5, 5);
    submit(RING_NET_WRITE, NET, GUEST_MEM_MIN - 5, 5);
    submit(RING_NET_WRITE, NET, CODE, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_int_eq(take_commit().ret, RESULT_OK);
    drop_guest();
}
END_TEST

START_TEST(unknown_handles_and_operations_do_no_harm)
{
    make_guest();
    submit(RING_NET_READ, 0, DATA, 64);
    submit(RING_NET_READ, 63, DATA, 64);
    submit(RING_NET_READ, UINT32_MAX, UINT64_MAX, 64);
    submit(RING_NET_WRITE, UINT32_MAX, UINT64_MAX, 64);
    submit(0, NET, UINT64_MAX, 64);
    submit(UINT32_MAX - 1, NET, UINT64_MAX, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_uint_eq(ring->entry_head, 6);
    ck_assert_uint_eq(ring->commit_tail, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(take_commit().ret, RESULT_EINVAL);
    drop_guest();
}
END_TEST

START_TEST(posted_buffers_wait_for_frames)
{
    make_guest();
    submit(RING_NET_POST, NET, DATA, 64);
    submit(RING_NET_POST, NET, DATA + 64, 64);
    submit(RING_NET_POST, NET, DATA + 128, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_uint_eq(ring->commit_tail, 0);
    ck_assert_int_eq(send(peer, "one", 3, 0), 3);
    ck_assert_int_eq(send(peer, "three", 5, 0), 5);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_int_eq(ring_serve(&guest), RING_IDLE);
    struct ring_commit first = take_commit(), second = take_commit();
    ck_assert_uint_eq(first.id, 100);
    ck_assert_int_eq(first.ret, RESULT_OK);
    ck_assert_uint_eq(first.len, 3);
    ck_assert_uint_eq(second.id, 101);
    ck_assert_uint_eq(second.len, 5);
    ck_assert_mem_eq(at(DATA), "one", 3);
    ck_assert_mem_eq(at(DATA + 64), "three", 5);
    ck_assert_uint_eq(ring->commit_tail, ring->commit_head);
    ck_assert_uint_eq(atomic_load(&status.net_received_packets), 2);
    drop_guest();
}
END_TEST

START_TEST(buffers_can_be_posted_for_ever)
{
    make_guest();
    for (unsigned i = 0; i < RING_SLOTS; i++)
        submit(RING_NET_POST, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    for (uint32_t i = 0; i < 3 * RING_SLOTS; i++) {
        ck_assert_int_eq(send(peer, &i, sizeof(i), 0), sizeof(i));
        ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
        ck_assert_uint_eq(take_commit().id, i + 100);
        ck_assert_mem_eq(at(DATA), &i, sizeof(i));
        submit(RING_NET_POST, NET, DATA, 64);
    }
    drop_guest();
}
END_TEST

START_TEST(too_many_posted_buffers_are_a_breach)
{
    make_guest();
    for (unsigned i = 0; i < RING_SLOTS; i++)
        submit(RING_NET_POST, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    submit(RING_NET_POST, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_BREACH);
    ck_assert_str_eq(guest.ring.breach, "more than 1024 buffers posted");
    drop_guest();
}
END_TEST

START_TEST(bad_posts_are_answered_or_a_breach)
{
    make_guest();
    submit(RING_NET_POST, 0, UINT64_MAX, 64);
    submit(RING_NET_POST, UINT32_MAX, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_int_eq(take_commit().ret, RESULT_EINVAL);
    ck_assert_int_eq(take_commit().ret, RESULT_EINVAL);
    submit(RING_NET_POST, NET, CODE, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_BREACH);
    ck_assert_ptr_nonnull(strstr(guest.ring.breach, "invalid guest access"));
    drop_guest();
}
END_TEST

START_TEST(who_has_not_asked_cannot_post)
{
    make_guest();
    guest.ring.can_post = false;
    submit(RING_NET_POST, NET, UINT64_MAX, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_uint_eq(ring->commit_tail, 0);
    drop_guest();
}
END_TEST

#define ARGUMENTS 0x110000u

static const struct hc_poll *poll_for(uint64_t nsecs)
{
    struct hc_poll *call = at(ARGUMENTS);
    *call = (struct hc_poll){.timeout_nsecs = nsecs};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_POLL, ARGUMENTS), HYPERCALL_DONE);
    return call;
}

START_TEST(a_poll_serves_the_ring)
{
    char frame[8];

    make_guest();
    memcpy(at(DATA), "answer", 6);
    submit(RING_NET_POST, NET, DATA + 64, 64);
    submit(RING_NET_WRITE, NET, DATA, 6);
    ck_assert_int_eq(poll_for(1000)->ret, 0);
    ck_assert_int_eq(recv(peer, frame, sizeof(frame), 0), 6);
    ck_assert_mem_eq(frame, "answer", 6);

    ck_assert_int_eq(send(peer, "next", 4, 0), 4);
    const struct hc_poll *call = poll_for(UINT64_MAX);
    ck_assert_int_eq(call->ret, 1);
    ck_assert_uint_eq(call->ready_set, 1u << NET);
    ck_assert_uint_eq(ring->commit_tail, 1);
    ck_assert_mem_eq(at(DATA + 64), "next", 4);
    /* Somebody who has an answer already does not wait for another. */
    ck_assert_int_eq(poll_for(UINT64_MAX)->ret, 0);
    ck_assert_uint_eq(take_commit().len, 4);
    ck_assert_int_eq(ring_serve(&guest), RING_IDLE);
    drop_guest();
}
END_TEST

/* Without a buffer, the frame stays where it is. */
START_TEST(a_poll_without_posted_buffers_says_what_is_there)
{
    make_guest();
    ck_assert_int_eq(send(peer, "next", 4, 0), 4);
    ck_assert_uint_eq(poll_for(UINT64_MAX)->ready_set, 1u << NET);
    ck_assert_uint_eq(ring->commit_tail, 0);
    submit(RING_NET_READ, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    ck_assert_uint_eq(take_commit().len, 4);
    drop_guest();
}
END_TEST

START_TEST(a_poll_over_a_bad_entry_is_a_breach)
{
    make_guest();
    submit(RING_NET_WRITE, NET, 0x1000, 64);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_POLL, ARGUMENTS), HYPERCALL_BREACH);
    ck_assert_ptr_nonnull(strstr(guest.breach, "64 bytes at 0x1000, of an entry in the ring"));
    drop_guest();
}
END_TEST

START_TEST(nobody_serves_while_a_poll_has_the_ring)
{
    make_guest();
    ck_assert_int_eq(ring_lock(&guest), RING_IDLE);
    submit(RING_NET_READ, NET, DATA, 64);
    ck_assert_int_eq(ring_serve(&guest), RING_TAKEN);
    ring_unlock(&guest.ring);
    ck_assert_int_eq(ring_serve(&guest), RING_SERVED);
    drop_guest();
}
END_TEST

START_TEST(nobody_dozes_over_a_submission)
{
    make_guest();
    ck_assert(ring_doze(&guest.ring));
    ck_assert_uint_eq(ring->needs_kick, 1);
    ring_wake(&guest.ring);
    ck_assert_uint_eq(ring->needs_kick, 0);
    submit(RING_NET_READ, NET, DATA, 64);
    ck_assert(!ring_doze(&guest.ring));
    ck_assert_uint_eq(ring->needs_kick, 0);
    ck_assert_int_eq(ring_drain(&guest), RING_IDLE);
    ck_assert(ring_doze(&guest.ring));
    drop_guest();
}
END_TEST

static atomic_bool is_over;

/* What io_thread.c does, without its patience: it dozes whenever it can. */
static void *serve_and_doze(void *context)
{
    int doorbell_fd = *(int *)context;
    uint64_t rings;

    while (!atomic_load(&is_over)) {
        if (ring_doze(&guest.ring) && read(doorbell_fd, &rings, sizeof(rings)) < 0)
            break;
        ring_wake(&guest.ring);
        while (ring_serve(&guest) == RING_SERVED)
            ;
    }
    return NULL;
}

static void ring_bell_if_asked(int doorbell_fd)
{
    static const uint64_t one = 1;
    atomic_thread_fence(memory_order_seq_cst);
    if (__atomic_load_n(&ring->needs_kick, __ATOMIC_RELAXED) != 0)
        ck_assert_int_eq(write(doorbell_fd, &one, sizeof(one)), sizeof(one));
}

/* A bell that is not heard would hang the test. */
START_TEST(every_bell_is_heard)
{
    int doorbell_fd = eventfd(0, EFD_CLOEXEC);
    pthread_t thread;

    make_guest();
    ck_assert_int_eq(pthread_create(&thread, NULL, serve_and_doze, &doorbell_fd), 0);
    for (unsigned i = 0; i < 100000; i++) {
        submit(RING_NET_READ, NET, DATA, 64);
        ring_bell_if_asked(doorbell_fd);
        /* Every now and then the monitor must have had the time to fall asleep. */
        if (i % 64 == 0)
            usleep(50);
        while (__atomic_load_n(&ring->commit_tail, __ATOMIC_ACQUIRE) == ring->commit_head)
            ;
        ck_assert_uint_eq(take_commit().id, i + 100);
    }
    atomic_store(&is_over, true);
    eventfd_write(doorbell_fd, 1);
    pthread_join(thread, NULL);
    close(doorbell_fd);
    drop_guest();
}
END_TEST

static void store(volatile uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* The guest on another CPU: rewrites an entry, and the monitor's own words, as fast as it can. */
static void *rewrite_ring(void *context)
{
    struct ring_entry *entry = context;
    for (uint32_t n = 0; !atomic_load(&is_over); n++) {
        store(&entry->operation, n % 3);
        store(&entry->handle, n % 2 != 0 ? NET : UINT32_MAX);
        __atomic_store_n(&entry->data.value, n % 5 != 0 ? DATA : UINT64_MAX - 3, __ATOMIC_RELAXED);
        store(&entry->len, n % 7 != 0 ? 64 : UINT32_MAX);
        store(&ring->entry_head, n);
        store(&ring->commit_tail, n * 77);
        store(&ring->needs_kick, n);
    }
    return NULL;
}

START_TEST(entries_that_change_meanwhile_do_no_harm)
{
    pthread_t thread;
    char frame[128];

    make_guest();
    ck_assert_int_eq(pthread_create(&thread, NULL, rewrite_ring, &ring->entries[0]), 0);
    for (unsigned i = 0; i < 200000; i++) {
        atomic_store(&guest.ring.entry_head, 0);
        atomic_store(&guest.ring.is_taken, false);
        __atomic_store_n(&ring->entry_tail, 1, __ATOMIC_RELEASE);
        enum ring_verdict verdict = ring_serve(&guest);
        ck_assert(verdict == RING_SERVED || verdict == RING_BREACH);
        ssize_t n = recv(peer, frame, sizeof(frame), 0);
        ck_assert(n < 0 || n == 64);
    }
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    drop_guest();
}
END_TEST

START_TEST(who_sends_or_finds_nothing_has_answered)
{
    make_guest();
    submit(RING_NET_WRITE, NET, DATA, 8);
    ring_serve(&guest);
    ck_assert_uint_eq(atomic_load(&guest.ring.n_answers), 0); /* it will ask for the next frame */
    ck_assert_int_eq(send(peer, "frame", 5, 0), 5);
    submit(RING_NET_READ, NET, DATA, 1514);
    ring_serve(&guest);
    ck_assert_uint_eq(atomic_load(&guest.ring.n_answers), 0);
    submit(RING_NET_READ, NET, DATA, 1514);
    ring_serve(&guest);
    ck_assert_uint_eq(atomic_load(&guest.ring.n_answers), 1);
    submit(RING_NET_POST, NET, DATA, 1514);
    ring_serve(&guest);
    ck_assert_uint_eq(atomic_load(&guest.ring.n_answers), 1);
    submit(RING_NET_WRITE, NET, DATA, 8);
    ring_serve(&guest);
    ck_assert_uint_eq(atomic_load(&guest.ring.n_answers), 2);
    drop_guest();
}
END_TEST

START_TEST(the_guest_is_told_who_receives)
{
    make_guest();
    ck_assert_uint_eq(ring->is_receiving, 0);
    ring_set_receiving(&guest.ring, true);
    ck_assert_uint_eq(ring->is_receiving, 1);
    ring_set_receiving(&guest.ring, false);
    ck_assert_uint_eq(ring->is_receiving, 0);
    drop_guest();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ring");
    TCase *t = unit_case(suite, "ring");
    tcase_add_test(t, a_fresh_ring_is_empty_and_wants_to_be_rung);
    tcase_add_test(t, writes_are_sent_in_order_without_a_commit);
    tcase_add_test(t, reads_are_answered_at_once);
    tcase_add_test(t, the_ring_goes_round_and_its_indices_overflow);
    tcase_add_test(t, a_full_ring_is_served_whole);
    tcase_add_test(t, commits_that_nobody_takes_are_lost);
    tcase_add_test(t, published_indices_are_not_read_back);
    tcase_add_loop_test(t, indices_that_jump_are_a_breach, 0, 3);
    tcase_add_loop_test(t, addresses_without_rights_are_a_breach, 0, 13);
    tcase_add_test(t, a_buffer_may_end_where_memory_ends);
    tcase_add_test(t, unknown_handles_and_operations_do_no_harm);
    tcase_add_test(t, posted_buffers_wait_for_frames);
    tcase_add_test(t, buffers_can_be_posted_for_ever);
    tcase_add_test(t, too_many_posted_buffers_are_a_breach);
    tcase_add_test(t, bad_posts_are_answered_or_a_breach);
    tcase_add_test(t, who_has_not_asked_cannot_post);
    tcase_add_test(t, a_poll_serves_the_ring);
    tcase_add_test(t, a_poll_without_posted_buffers_says_what_is_there);
    tcase_add_test(t, a_poll_over_a_bad_entry_is_a_breach);
    tcase_add_test(t, nobody_serves_while_a_poll_has_the_ring);
    tcase_add_test(t, nobody_dozes_over_a_submission);
    tcase_add_test(t, every_bell_is_heard);
    tcase_add_test(t, entries_that_change_meanwhile_do_no_harm);
    tcase_add_test(t, who_sends_or_finds_nothing_has_answered);
    tcase_add_test(t, the_guest_is_told_who_receives);
    return unit_run(suite);
}
