/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises of io_thread.h, with both threads of a monitor but no VM: this program's first thread is the
 * vCPU's with a guest in it, another one the network. Above all something for ThreadSanitizer
 * (docs/testing.md), which would not fit into the box: the list of system calls is not loaded here.
 */
#include "io_thread.h"

#include "attach.h"
#include "hypercall.h"
#include "unit.h"
#include "x86_64/ticks.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NET       1
#define CODE      0x100000u
#define BUFFERS   0x120000u
#define POLL_CALL 0x110000u
#define N_BUFFERS 16u
#define N_FRAMES  3000u
#define IN_FLIGHT 8u
#define WAIT_S    20

static struct guest guest;
static struct status status;
static struct vm vm;
static struct run_options options;
static struct ring *ring;
static int peer; /* the other end of the network device */
static volatile uint32_t is_watched;
static atomic_bool is_over, has_breached;

/* Linked in their places (-Wl,--wrap). */
int __wrap_syscall_filter_load(const struct syscall_filter *filter, struct error *err);
_Noreturn void __wrap_run_end_beside(struct guest *g, const struct run_options *o, const char *what);

int __wrap_syscall_filter_load(const struct syscall_filter *filter, struct error *err)
{
    (void)err;
    ck_assert_uint_gt(filter->n_rules, 0);
    return 0;
}

/* In a monitor it ends the process. */
_Noreturn void __wrap_run_end_beside(struct guest *g, const struct run_options *o, const char *what)
{
    ck_assert_ptr_eq(g, &guest);
    ck_assert_ptr_eq(o, &options);
    ck_assert_uint_gt(strlen(what), 0);
    atomic_store(&has_breached, true);
    for (;;)
        usleep(100000);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void measure_ticks(void)
{
    uint64_t ticks = ticks_now(), start = now_ns();
    usleep(10000);
    vm.tsc_hz = (ticks_now() - ticks) * 1000 / ((now_ns() - start) / 1000000);
}

static void given_two_threads(void)
{
    static const struct guest_seal code = {CODE, CODE + 0x1000};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct syscalls_use use = {.vcpu_fd = 0, .start_fd = -1, .call_fd = -1};
    struct error err = {0};
    int pair[2];

    guest = (struct guest){.status = &status};
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
    is_watched = 0;
    guest.ring.is_watched = &is_watched;
    measure_ticks();
    ck_assert_ok(io_thread_start(&vm, &guest, &options, &use, &err), err);
    ck_assert_ptr_nonnull(guest.io);
}

/* ---- The guest ---- */

static uint32_t load(const volatile uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void submit(uint32_t operation, uint64_t data, uint32_t len, uint32_t id)
{
    uint32_t tail = ring->entry_tail;
    ring->entries[tail & RING_MASK] =
        (struct ring_entry){.operation = operation, .handle = NET, .data = {data}, .len = len, .id = id};
    __atomic_store_n(&ring->entry_tail, tail + 1, __ATOMIC_SEQ_CST);
}

/* The two exits that run.c knows. */
static void exit_to_ring(void)
{
    guest_count(&status.exits, 1);
    ck_assert_int_ne(ring_serve(&guest), RING_BREACH);
    io_thread_note_ring(guest.io);
}

static void exit_to_poll(uint64_t timeout_nsecs)
{
    struct hc_poll *call = guest_mem_at(&guest.mem, POLL_CALL, sizeof(*call));
    guest_count(&status.exits, 1);
    *call = (struct hc_poll){.timeout_nsecs = timeout_nsecs};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_POLL, POLL_CALL), HYPERCALL_DONE);
    io_thread_note_poll(guest.io);
}

static bool has_commit(void)
{
    return load(&ring->commit_tail) != ring->commit_head;
}

/* Now by looking, now by a poll. */
static void wait_for_commit(unsigned n)
{
    for (unsigned i = 0; i < 3000 && n % 8 != 0 && load(&ring->is_receiving) != 0 && !has_commit(); i++)
        ticks_relax();
    while (!has_commit())
        exit_to_poll(1000000000);
}

static struct ring_commit take_commit(void)
{
    struct ring_commit commit = ring->commits[ring->commit_head & RING_MASK];
    __atomic_store_n(&ring->commit_head, ring->commit_head + 1, __ATOMIC_RELEASE);
    return commit;
}

static void post(uint32_t id)
{
    submit(RING_NET_POST, BUFFERS + id * RING_BUF_BYTES, RING_BUF_BYTES, id);
}

/* Sends each frame back, as kit's programs do; every 16th time it rings. */
static void echo(unsigned n_frames)
{
    for (uint32_t id = 0; id < N_BUFFERS; id++)
        post(id);
    for (unsigned n = 0; n < n_frames; n++) {
        wait_for_commit(n);
        struct ring_commit commit = take_commit();
        ck_assert_int_eq(commit.ret, RESULT_OK);
        ck_assert_uint_lt(commit.id, N_BUFFERS);
        submit(RING_NET_WRITE, BUFFERS + commit.id * RING_BUF_BYTES, commit.len, 0);
        post(commit.id);
        if (n % 16 == 0 && load(&ring->needs_kick) != 0)
            exit_to_ring();
        if (n % 64 == 0)
            exit_to_ring(); /* twice in a row begins a watch */
    }
    exit_to_poll(0);
}

/* Until the condition holds: with what the guest does meanwhile. */
static bool eventually(bool (*holds)(void), void (*meanwhile)(void))
{
    for (uint64_t start = now_ns(); now_ns() - start < WAIT_S * 1000000000ull;) {
        if (holds())
            return true;
        meanwhile();
    }
    return false;
}

/* ---- The network ---- */

static uint32_t receive_number(void)
{
    struct pollfd fd = {.fd = peer, .events = POLLIN};
    uint32_t number = 0;
    ck_assert_int_eq(poll(&fd, 1, WAIT_S * 1000), 1);
    ck_assert_int_eq(recv(peer, &number, sizeof(number), 0), sizeof(number));
    return number;
}

static void *exchange_frames(void *arg)
{
    const unsigned in_flight = *(const unsigned *)arg;
    for (uint32_t sent = 0, received = 0; received < N_FRAMES; received++) {
        for (; sent < N_FRAMES && sent - received < in_flight; sent++)
            ck_assert_int_eq(send(peer, &sent, sizeof(sent), 0), sizeof(sent));
        ck_assert_uint_eq(receive_number(), received);
    }
    return NULL;
}

static const unsigned in_flight[] = {1, IN_FLIGHT};

START_TEST(frames_go_through_whichever_thread_serves)
{
    pthread_t network;
    unsigned n = in_flight[_i];

    given_two_threads();
    ck_assert_int_eq(pthread_create(&network, NULL, exchange_frames, &n), 0);
    echo(N_FRAMES);
    ck_assert_int_eq(pthread_join(network, NULL), 0);
    ck_assert_uint_eq(atomic_load(&status.net_sent_packets), N_FRAMES);
    ck_assert_uint_eq(atomic_load(&status.net_received_packets), N_FRAMES);
}
END_TEST

/* ---- Calls and duties ---- */

static bool is_on_duty(void)
{
    return load(&ring->is_receiving) != 0;
}

static bool is_off_duty(void)
{
    return load(&ring->is_receiving) == 0 && load(&ring->needs_kick) == 1;
}

static void poll_once(void)
{
    exit_to_poll(0);
}

static void ring_once(void)
{
    submit(RING_NET_WRITE, BUFFERS, 4, 0);
    exit_to_ring();
    while (recv(peer, &(uint32_t){0}, 4, 0) > 0)
        ;
}

static void rest(void)
{
    usleep(1000);
}

START_TEST(it_sleeps_until_it_is_called)
{
    given_two_threads();
    ck_assert(is_off_duty());
    exit_to_poll(0);
    exit_to_ring();
    usleep(20000);
    ck_assert(is_off_duty());
}
END_TEST

START_TEST(a_guest_that_asks_often_calls_it_and_one_that_stops_sends_it_back_to_sleep)
{
    given_two_threads();
    ck_assert(eventually(is_on_duty, _i == 0 ? poll_once : ring_once));
    ck_assert(eventually(is_off_duty, rest));
}
END_TEST

/* ---- Watches ---- */

static bool has_watch(void)
{
    return load(&is_watched) != 0;
}

static bool has_no_watch(void)
{
    return !has_watch();
}

/* As a guest does: it rings if it is not watched any more. */
static void submit_lazily(void)
{
    submit(RING_NET_WRITE, BUFFERS, 4, 0);
    if (!has_watch())
        exit_to_ring();
    (void)receive_number();
}

START_TEST(a_guest_that_is_watched_need_not_ring)
{
    given_two_threads();
    ck_assert(has_no_watch());
    ck_assert(eventually(has_watch, ring_once));
    for (unsigned i = 0; i < 100 && has_watch(); i++)
        submit_lazily();
    ck_assert(eventually(has_no_watch, rest));
    ck_assert(eventually(is_off_duty, rest));
    const uint64_t sent = atomic_load(&status.net_sent_packets);
    submit(RING_NET_WRITE, BUFFERS, 4, 0);
    usleep(20000);
    ck_assert_uint_eq(atomic_load(&status.net_sent_packets), sent);
}
END_TEST

/* What is submitted while the watch ends, by a guest that sees that it has not ended, is not forgotten. */
START_TEST(the_end_of_a_watch_forgets_nothing)
{
    given_two_threads();
    for (unsigned i = 0; i < 40; i++) {
        ck_assert(eventually(has_watch, ring_once));
        usleep(3000 + i * 50);
        submit_lazily();
        while (recv(peer, &(uint32_t){0}, 4, 0) > 0)
            ;
    }
}
END_TEST

/* ---- A guest that races the thread that serves ---- */

static void *scribble(void *arg)
{
    static const uint64_t data[] = {BUFFERS, CODE, UINT64_MAX - 8, 0, BUFFERS};
    for (uint32_t n = 0; !atomic_load_explicit(&is_over, memory_order_relaxed); n++) {
        struct ring_entry *entry = &ring->entries[n & RING_MASK];
        __atomic_store_n(&entry->operation, n % 3 == 0 ? RING_NET_POST : n % 3, __ATOMIC_RELAXED);
        __atomic_store_n(&entry->handle, n % 11 == 0 ? n : NET, __ATOMIC_RELAXED);
        /* Now and then a number that nobody may use: until then the thread has something to do. */
        __atomic_store_n(&entry->data.value, n < 200000 ? BUFFERS : data[n % 5], __ATOMIC_RELAXED);
        __atomic_store_n(&entry->len, 64, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->entry_head, n * 3, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->commit_tail, n * 77, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->commit_head, n, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->needs_kick, n & 1, __ATOMIC_RELAXED);
        __atomic_store_n(&ring->is_receiving, n, __ATOMIC_RELAXED);
    }
    (void)arg;
    return NULL;
}

static bool is_breached(void)
{
    return atomic_load(&has_breached);
}

/* The vCPU's thread has nothing left to serve, and says so often enough to call the other one. */
static void submit_and_ring(void)
{
    uint32_t tail = __atomic_load_n(&ring->entry_tail, __ATOMIC_RELAXED);
    char frame[RING_BUF_BYTES];

    __atomic_store_n(&ring->entry_tail, tail + 16, __ATOMIC_RELEASE);
    io_thread_note_ring(guest.io);
    while (recv(peer, frame, sizeof(frame), 0) > 0)
        ;
    (void)!send(peer, "frame", 5, MSG_NOSIGNAL);
    usleep(50);
}

START_TEST(a_guest_that_races_its_entries_and_indices_ends)
{
    pthread_t thread;

    given_two_threads();
    ck_assert_int_eq(pthread_create(&thread, NULL, scribble, NULL), 0);
    ck_assert(eventually(is_breached, submit_and_ring));
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io_thread");
    /* Not unit_case(): the thread keeps its descriptors until the process ends. */
    TCase *t = tcase_create("io_thread");
    suite_add_tcase(suite, t);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, frames_go_through_whichever_thread_serves, 0, 2);
    tcase_add_test(t, it_sleeps_until_it_is_called);
    tcase_add_loop_test(t, a_guest_that_asks_often_calls_it_and_one_that_stops_sends_it_back_to_sleep, 0, 2);
    tcase_add_test(t, a_guest_that_is_watched_need_not_ring);
    tcase_add_test(t, the_end_of_a_watch_forgets_nothing);
    tcase_add_test(t, a_guest_that_races_its_entries_and_indices_ends);
    return unit_run(suite);
}
