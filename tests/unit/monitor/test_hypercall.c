/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promises of hypercall.h with a guest that has memory and devices but no VM: what a guest asks for, what it
 * must not ask for, and that arguments which change while a handler runs do no harm.
 */
#include "hypercall.h"

#include "attach.h"
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS 0x110000u
#define DATA      0x120000u
#define CODE      0x100000u
#define DISK      1
#define NET       2
#define CAPACITY  16384u

static struct guest guest;
static struct status status;
static int console_pipe[2];
static int net_pair[2];

static void *at(uint64_t addr)
{
    return guest_mem_at(&guest.mem, addr, 1);
}

static void make_overlay(struct overlay *out, enum overlay_mode mode)
{
    struct error err = {0};
    int extents = memfd_create("extents", 0);
    struct overlay_parts parts = {
        .capacity = CAPACITY, .mode = mode, .extents_fd = extents, .patches_fd = -1};
    ck_assert_ok(overlay_open(&parts, out, &err), err);
    close(extents);
}

static void make_guest(enum overlay_mode mode)
{
    static const struct guest_seal code = {CODE, CODE + 0x1000};
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    struct error err = {0};
    struct overlay overlay;

    guest = (struct guest){.status = &status};
    guest.manifest = (struct manifest_table){.version = 1,
                                             .n_entries = 3,
                                             .entries = {{.type = MANIFEST_RESERVED_FIRST},
                                                         {.name = "disk", .type = MANIFEST_BLOCK},
                                                         {.name = "net", .type = MANIFEST_NET}}};
    ck_assert_ok(guest_mem_init(&guest.mem, GUEST_MEM_MIN, 0, &err), err);
    guest_mem_seal(&guest.mem, &code, 1);
    make_overlay(&overlay, mode);
    ck_assert_ok(attach_block(&guest, &guest.manifest.entries[DISK], &overlay, 512, &err), err);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, net_pair), 0);
    ck_assert_ok(attach_net(&guest, &guest.manifest.entries[NET], net_pair[0], mac, 1500, &err), err);
    ck_assert_int_eq(pipe2(console_pipe, O_NONBLOCK), 0);
    console_init(&guest.console, console_pipe[1]);
}

static void drop_guest(void)
{
    guest_release(&guest);
    close(net_pair[1]);
    close(console_pipe[0]);
    close(console_pipe[1]);
}

START_TEST(puts_prints_the_bytes)
{
    char out[8];
    make_guest(OVERLAY_PRIVATE);
    memcpy(at(DATA), "hello", 5);
    *(struct hc_puts *)at(ARGUMENTS) = (struct hc_puts){.data = {DATA}, .len = 5};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_PUTS, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(read(console_pipe[0], out, sizeof(out)), 5);
    ck_assert_mem_eq(out, "hello", 5);
    drop_guest();
}
END_TEST

START_TEST(a_full_console_drops_and_says_so)
{
    static char sink[1 << 17];
    make_guest(OVERLAY_PRIVATE);
    *(struct hc_puts *)at(ARGUMENTS) = (struct hc_puts){.data = {DATA}, .len = 0x30000};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_PUTS, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_uint_gt(guest.console.dropped_bytes, 0);
    while (read(console_pipe[0], sink, sizeof(sink)) > 0)
        ;
    memcpy(at(DATA), "again", 5);
    *(struct hc_puts *)at(ARGUMENTS) = (struct hc_puts){.data = {DATA}, .len = 5};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_PUTS, ARGUMENTS), HYPERCALL_DONE);
    ssize_t n = read(console_pipe[0], sink, sizeof(sink) - 1);
    ck_assert_int_gt(n, 5);
    sink[n] = '\0';
    ck_assert_ptr_nonnull(strstr(sink, "bytes of output dropped"));
    ck_assert_ptr_nonnull(strstr(sink, "]\nagain"));
    drop_guest();
}
END_TEST

static int32_t transfer(enum hypercall number, uint64_t handle, uint64_t off, uint64_t data, uint64_t len)
{
    struct hc_block_read *call = at(ARGUMENTS);
    *call = (struct hc_block_read){.handle = handle, .offset = off, .data = {data}, .len = len, .ret = 99};
    enum hypercall_verdict verdict = hypercall_run(&guest, number, ARGUMENTS);
    return verdict == HYPERCALL_DONE ? call->ret : -(int32_t)verdict;
}

START_TEST(blocks_come_back_as_they_were_written)
{
    make_guest(OVERLAY_PRIVATE);
    memset(at(DATA), 'a', 1024);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_WRITE, DISK, 512, DATA, 1024), RESULT_OK);
    memset(at(DATA), 0, 1024);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 1024, DATA, 512), RESULT_OK);
    ck_assert_int_eq(*(char *)at(DATA + 511), 'a');
    ck_assert_int_eq(*(char *)at(DATA + 512), 0);
    drop_guest();
}
END_TEST

START_TEST(bad_block_requests_are_answered)
{
    make_guest(OVERLAY_PRIVATE);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 1, DATA, 512), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 0, DATA, 511), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, CAPACITY, DATA, 512), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, CAPACITY - 512, DATA, 1024), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, UINT64_MAX - 511, DATA, 512), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_WRITE, NET, 0, DATA, 512), RESULT_EINVAL);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_WRITE, UINT64_MAX, 0, DATA, 512), RESULT_EINVAL);
    drop_guest();
}
END_TEST

START_TEST(a_read_only_device_stays_as_it_is)
{
    make_guest(OVERLAY_READ_ONLY);
    memset(at(DATA), 'a', 512);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_WRITE, DISK, 0, DATA, 512), RESULT_EUNSPEC);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 0, DATA, 512), RESULT_OK);
    ck_assert_int_eq(*(char *)at(DATA), 0);
    drop_guest();
}
END_TEST

START_TEST(addresses_without_rights_are_a_breach)
{
    make_guest(OVERLAY_PRIVATE);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 0, CODE, 512), -HYPERCALL_BREACH);
    ck_assert_ptr_nonnull(strstr(guest.breach, "512 bytes at 0x100000 are not the guest's"));
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_WRITE, DISK, 0, CODE, 512), RESULT_OK); /* reading is allowed */
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 0, GUEST_MEM_MIN - 511, 512), -HYPERCALL_BREACH);
    ck_assert_int_eq(transfer(HYPERCALL_BLOCK_READ, DISK, 0, 0x1000, 512), -HYPERCALL_BREACH);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_WALLTIME, CODE), HYPERCALL_BREACH);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_WALLTIME, GUEST_MEM_MIN - 7), HYPERCALL_BREACH);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_WALLTIME, UINT32_MAX), HYPERCALL_BREACH);
    ck_assert_int_eq(hypercall_run(&guest, 0, ARGUMENTS), HYPERCALL_BREACH);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_COUNT, ARGUMENTS), HYPERCALL_BREACH);
    drop_guest();
}
END_TEST

START_TEST(frames_travel_whole)
{
    char frame[64] = "";

    make_guest(OVERLAY_PRIVATE);
    struct hc_net_write *write = at(ARGUMENTS);
    memcpy(at(DATA), "frame", 5);
    *write = (struct hc_net_write){.handle = NET, .data = {DATA}, .len = 60, .ret = 99};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_NET_WRITE, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(write->ret, RESULT_OK);
    ck_assert_int_eq(recv(net_pair[1], frame, sizeof(frame), 0), 60);

    struct hc_net_read *read_call = at(ARGUMENTS);
    *read_call = (struct hc_net_read){.handle = NET, .data = {DATA}, .len = 1514, .ret = 99};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_NET_READ, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(read_call->ret, RESULT_AGAIN);
    ck_assert_int_eq(send(net_pair[1], frame, 42, 0), 42);
    *read_call = (struct hc_net_read){.handle = NET, .data = {DATA}, .len = 1514, .ret = 99};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_NET_READ, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(read_call->ret, RESULT_OK);
    ck_assert_uint_eq(read_call->len, 42);
    drop_guest();
}
END_TEST

START_TEST(poll_names_the_devices_with_packets)
{
    struct hc_poll *call;

    make_guest(OVERLAY_PRIVATE);
    call = at(ARGUMENTS);
    *call = (struct hc_poll){.timeout_nsecs = 1000};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_POLL, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(call->ret, 0);
    ck_assert_int_eq(send(net_pair[1], "x", 1, 0), 1);
    *call = (struct hc_poll){.timeout_nsecs = UINT64_MAX};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_POLL, ARGUMENTS), HYPERCALL_DONE);
    ck_assert_int_eq(call->ret, 1);
    ck_assert_uint_eq(call->ready_set, 1u << NET);
    drop_guest();
}
END_TEST

START_TEST(halt_ends_with_status_and_cookie)
{
    make_guest(OVERLAY_PRIVATE);
    *(struct hc_halt *)at(ARGUMENTS) = (struct hc_halt){.exit_status = 7};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_HALT, ARGUMENTS), HYPERCALL_ENDED);
    ck_assert_int_eq(guest.halt.exit_status, 7);
    ck_assert(!guest.halt.has_cookie);

    *(struct hc_halt *)at(ARGUMENTS) = (struct hc_halt){.cookie = {DATA}, .exit_status = 255};
    memset(at(DATA), 'c', HALT_COOKIE_SIZE);
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_HALT, ARGUMENTS), HYPERCALL_ENDED);
    ck_assert(guest.halt.has_cookie && guest.halt.cookie[HALT_COOKIE_SIZE - 1] == 'c');

    *(struct hc_halt *)at(ARGUMENTS) = (struct hc_halt){.cookie = {GUEST_MEM_MIN - HALT_COOKIE_SIZE + 1}};
    ck_assert_int_eq(hypercall_run(&guest, HYPERCALL_HALT, ARGUMENTS), HYPERCALL_BREACH);
    drop_guest();
}
END_TEST

static atomic_bool race_is_over;

/* Another CPU of the guest's, so to speak: rewrites the arguments as fast as it can. */
static void *rewrite_arguments(void *context)
{
    volatile struct hc_block_read *call = context;
    while (!atomic_load(&race_is_over)) {
        call->handle = DISK;
        call->offset = 0;
        call->data.value = DATA;
        call->len = 512;
        call->offset = UINT64_MAX;
        call->handle = UINT64_MAX;
        call->len = UINT64_MAX;
        call->data.value = UINT64_MAX - 3;
    }
    return NULL;
}

START_TEST(arguments_that_change_meanwhile_do_no_harm)
{
    pthread_t thread;

    make_guest(OVERLAY_PRIVATE);
    ck_assert_int_eq(pthread_create(&thread, NULL, rewrite_arguments, at(ARGUMENTS)), 0);
    for (unsigned i = 0; i < 200000; i++) {
        enum hypercall number = i % 2 != 0 ? HYPERCALL_BLOCK_READ : HYPERCALL_BLOCK_WRITE;
        enum hypercall_verdict verdict = hypercall_run(&guest, number, ARGUMENTS);
        ck_assert(verdict == HYPERCALL_DONE || verdict == HYPERCALL_BREACH);
    }
    atomic_store(&race_is_over, true);
    pthread_join(thread, NULL);
    drop_guest();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hypercall");
    TCase *t = unit_case(suite, "hypercall");
    tcase_add_test(t, puts_prints_the_bytes);
    tcase_add_test(t, a_full_console_drops_and_says_so);
    tcase_add_test(t, blocks_come_back_as_they_were_written);
    tcase_add_test(t, bad_block_requests_are_answered);
    tcase_add_test(t, a_read_only_device_stays_as_it_is);
    tcase_add_test(t, addresses_without_rights_are_a_breach);
    tcase_add_test(t, frames_travel_whole);
    tcase_add_test(t, poll_names_the_devices_with_packets);
    tcase_add_test(t, halt_ends_with_status_and_cookie);
    tcase_add_test(t, arguments_that_change_meanwhile_do_no_harm);
    return unit_run(suite);
}
