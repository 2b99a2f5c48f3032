/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h: a right message is taken with all its descriptors, a wrong one refused by the name of its field.
 */
#include "launch.h"

#include "base/fd.h"
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct launch_message message;
static struct start_message start;
static struct launch launch;
static struct start got_start;
static struct error err;
static int pair[2];

static void add_fd(uint16_t role, uint16_t device)
{
    message.fds[message.n_fds++] = (struct launch_fd){.role = role, .device = device};
}

static void given_right_messages(void)
{
    err = (struct error){0};
    message = (struct launch_message){.magic = LAUNCH_MAGIC,
                                      .version = LAUNCH_VERSION,
                                      .size = sizeof(message),
                                      .memory_bytes = 64 << 20,
                                      .flags = LAUNCH_OWN_IPC_NS | LAUNCH_NET_CONFIG,
                                      .n_blocks = 2,
                                      .label = "c1"};
    message.blocks[0] = (struct launch_block){.name = "disk", .block_size = 512, .capacity = 4096};
    message.blocks[1] = (struct launch_block){
        .name = "data", .block_size = 4096, .capacity = 1 << 20, .flags = LAUNCH_BLOCK_WRITE_THROUGH};
    add_fd(LAUNCH_FD_KVM, 0);
    add_fd(LAUNCH_FD_GUEST, 0);
    add_fd(LAUNCH_FD_CONTROL, 0);
    add_fd(LAUNCH_FD_STATUS, 0);
    add_fd(LAUNCH_FD_EXTENTS, 0);
    add_fd(LAUNCH_FD_DATA, 0);
    add_fd(LAUNCH_FD_DATA, 0);
    add_fd(LAUNCH_FD_EXTENTS, 1);
    add_fd(LAUNCH_FD_PATCHES, 1);
    add_fd(LAUNCH_FD_DATA, 1);

    start = (struct start_message){.magic = START_MAGIC,
                                   .version = LAUNCH_VERSION,
                                   .size = sizeof(start),
                                   .n_nets = 2,
                                   .cmdline_bytes = 5,
                                   .cmdline = "hello"};
    start.nets[0] = (struct start_net){.name = "service", .mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500};
    start.nets[1] = (struct start_net){.name = "second", .mac = {2, 0, 0, 0, 0, 2}, .mtu = 9000};
}

START_TEST(a_right_launch_message_is_accepted)
{
    ck_assert_ok(launch_check(&message, sizeof(message), &err), err);
}
END_TEST

START_TEST(addresses_and_routes_are_of_a_device_and_a_family)
{
    start.n_addresses = 1;
    start.addresses[0] = (struct start_address){.net = 1, .family = 6, .prefix = 128};
    start.n_routes = 1;
    start.routes[0] = (struct start_route){.net = 0, .family = 4, .prefix = 32};
    ck_assert_ok(launch_check_start(&start, sizeof(start), &err), err);
    start.routes[0].prefix = 33;
    ck_assert_fails(launch_check_start(&start, sizeof(start), &err), err, ERROR_INPUT,
                    "route 0: prefix of 33 bits in IPv4");
    start.n_routes = 0;
    start.addresses[0].net = 2;
    ck_assert_fails(launch_check_start(&start, sizeof(start), &err), err, ERROR_INPUT,
                    "address 0: there is no network device 2");
}
END_TEST

START_TEST(an_environment_ends_with_a_nul)
{
    start.env_bytes = 4;
    memcpy(start.env, "A=B", 4);
    ck_assert_ok(launch_check_start(&start, sizeof(start), &err), err);
    start.env_bytes = 3;
    ck_assert_fails(launch_check_start(&start, sizeof(start), &err), err, ERROR_INPUT,
                    "environment without a NUL");
}
END_TEST

START_TEST(a_right_start_message_is_accepted)
{
    ck_assert_ok(launch_check_start(&start, sizeof(start), &err), err);
    start.n_nets = 0;
    start.cmdline_bytes = LAUNCH_CMDLINE_SIZE - 1;
    memset(start.cmdline, 'x', LAUNCH_CMDLINE_SIZE - 1);
    ck_assert_ok(launch_check_start(&start, sizeof(start), &err), err);
}
END_TEST

/* A field set to a value, and the refusal that follows. */
struct refusal {
    size_t off, size;
    uint64_t value;
    const char *text;
};
#define LAUNCH(field, v, t)                                                                           \
    {                                                                                                 \
        offsetof(struct launch_message, field), sizeof(((struct launch_message *)0)->field), (v), (t) \
    }
#define START(field, v, t)                                                                          \
    {                                                                                               \
        offsetof(struct start_message, field), sizeof(((struct start_message *)0)->field), (v), (t) \
    }

static const struct refusal launch_refusals[] = {
    LAUNCH(magic, START_MAGIC, "launch message: magic is 0x5452545359524857"),
    LAUNCH(version, 1, "version is 1, this monitor understands 2"),
    LAUNCH(size, 0, "size says 0 bytes"),
    LAUNCH(memory_bytes, 0, "memory_bytes is 0"),
    LAUNCH(memory_bytes, 4097, "memory_bytes is 4097"),
    LAUNCH(memory_bytes, 1ull << 63, "memory_bytes is 9223372036854775808"),
    LAUNCH(flags, 1u << 5, "flags 0x20 are unknown"),
    LAUNCH(pad, 1, "pad is 1"),
    LAUNCH(n_fds, LAUNCH_FDS_MAX + 1, "n_fds is 4097"),
    LAUNCH(n_fds, 3, "0 descriptors for 'status', expected 1"),
    LAUNCH(n_fds, 7, "block device 'data': 0 descriptors for extents"),
    LAUNCH(n_fds, 11, "descriptor 10: role 0 is unknown"),
    LAUNCH(n_blocks, LAUNCH_BLOCKS_MAX + 1, "n_blocks is 64"),
    LAUNCH(n_blocks, 1, "descriptor 7: there is no device 1"),
    LAUNCH(n_blocks, 3, "block device 2: the name is empty"),
    LAUNCH(blocks[0].name[0], '/', "block device 0: the name has character 0x2f"),
    LAUNCH(blocks[0].flags, 8, "block device 'disk': flags 0x8 are unknown"),
    LAUNCH(blocks[0].flags, LAUNCH_BLOCK_KEPT, "'disk': 0 descriptors for a delta file, expected 1"),
    LAUNCH(fds[9].role, LAUNCH_FD_DELTA, "'data': 1 descriptors for a delta file, expected 0"),
    LAUNCH(blocks[0].block_size, 0, "block size 0 is no power of two"),
    LAUNCH(blocks[0].block_size, 513, "block size 513 is no power of two"),
    LAUNCH(blocks[0].block_size, 65536, "block size 65536 is no power of two"),
    LAUNCH(blocks[0].capacity, 0, "capacity 0 is no multiple"),
    LAUNCH(blocks[0].capacity, 4097, "capacity 4097 is no multiple"),
    LAUNCH(blocks[0].capacity, 1ull << 63, "capacity 9223372036854775808"),
    LAUNCH(fds[0].role, LAUNCH_FD_FILLING + 1, "descriptor 0: role 10 is unknown"),
    LAUNCH(fds[0].role, LAUNCH_FD_GUEST, "0 descriptors for 'kvm', expected 1"),
    LAUNCH(fds[1].device, 1, "descriptor 1: there is no device 1"),
    LAUNCH(fds[5].role, LAUNCH_FD_EXTENTS, "block device 'disk': 2 descriptors for extents"),
};

START_TEST(a_wrong_launch_message_is_refused_by_name)
{
    const struct refusal *r = &launch_refusals[_i];
    memcpy((char *)&message + r->off, &r->value, r->size);
    ck_assert_fails(launch_check(&message, sizeof(message), &err), err, ERROR_INPUT, r->text);
}
END_TEST

static const struct refusal start_refusals[] = {
    START(magic, LAUNCH_MAGIC, "start message: magic is"),
    START(version, 0, "version is 0"),
    START(size, 1, "size says 1 bytes"),
    START(n_nets, LAUNCH_NETS_MAX + 1, "n_nets is 64"),
    START(n_nets, 3, "network device 2: the name is empty"),
    START(cmdline_bytes, LAUNCH_CMDLINE_SIZE, "command line of 8192 bytes"),
    START(cmdline_bytes, 4, "command line of 5 bytes, cmdline_bytes says 4"),
    START(cmdline[2], 0, "command line of 2 bytes, cmdline_bytes says 5"),
    START(nets[0].name[1], ' ', "network device 0: the name has character 0x20"),
    START(nets[0].mac[0], 1, "network device 'service': 01:00:00:00:00:01 is no unicast address"),
    START(nets[0].mtu, 67, "network device 'service': MTU 67 is below 68"),
    START(nets[1].ipv4_prefix, 33, "network device 'second': prefix of 33"),
    START(nets[1].ipv6_prefix, 129, "prefix of 0 (IPv4) or 129 (IPv6)"),
    START(n_addresses, START_ADDRESSES_MAX + 1, "65 addresses and 0 routes"),
    START(n_routes, START_ROUTES_MAX + 1, "0 addresses and 129 routes"),
    START(n_addresses, 1, "address 0: prefix of 0 bits in IPv0"),
    START(n_routes, 1, "route 0: prefix of 0 bits in IPv0"),
    START(env_bytes, START_ENV_SIZE + 1, "environment of 16385 bytes"),
};

START_TEST(a_wrong_start_message_is_refused_by_name)
{
    const struct refusal *r = &start_refusals[_i];
    memcpy((char *)&start + r->off, &r->value, r->size);
    ck_assert_fails(launch_check_start(&start, sizeof(start), &err), err, ERROR_INPUT, r->text);
}
END_TEST

START_TEST(endless_texts_and_twins_are_refused)
{
    memset(message.label, 'x', sizeof(message.label));
    ck_assert_fails(launch_check(&message, sizeof(message), &err), err, ERROR_INPUT, "label does not end");
    memset(message.label, 0, sizeof(message.label));
    strcpy(message.blocks[1].name, "disk");
    ck_assert_fails(launch_check(&message, sizeof(message), &err), err, ERROR_INPUT,
                    "two block devices are named 'disk'");
    strcpy(start.nets[1].name, "service");
    ck_assert_fails(launch_check_start(&start, sizeof(start), &err), err, ERROR_INPUT,
                    "two network devices are named 'service'");
    ck_assert_fails(launch_check(&message, sizeof(message) - 1, &err), err, ERROR_INPUT, "bytes instead of");
    ck_assert_fails(launch_check_start(&start, 0, &err), err, ERROR_INPUT, "0 bytes instead of");
}
END_TEST

static void open_pair(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

/* Sends the message with n descriptors in all, as the runtime does. */
static void send_launch(size_t n)
{
    int fds[FD_PASS_MAX];
    for (size_t i = 0; i < FD_PASS_MAX; i++)
        fds[i] = STDERR_FILENO;
    size_t first = n < FD_PASS_MAX ? n : FD_PASS_MAX;
    ck_assert_ok(fd_send(pair[0], &message, sizeof(message), fds, first, &err), err);
    for (size_t sent = first; sent < n; sent += first) {
        first = n - sent < FD_PASS_MAX ? n - sent : FD_PASS_MAX;
        ck_assert_ok(fd_send(pair[0], "", 1, fds, first, &err), err);
    }
}

START_TEST(a_launch_is_received_with_its_descriptors)
{
    int data[LAUNCH_FDS_MAX];
    open_pair();
    send_launch(message.n_fds);
    ck_assert_ok(launch_receive(pair[1], &launch, &err), err);
    ck_assert_int_eq(launch_get_fd(&launch, LAUNCH_FD_GUEST, 0), launch.fds[1]);
    ck_assert_int_eq(launch_get_fd(&launch, LAUNCH_FD_PATCHES, 0), -1);
    ck_assert_int_eq(launch_get_fd(&launch, LAUNCH_FD_PATCHES, 1), launch.fds[8]);
    ck_assert_int_eq(launch_get_fd(&launch, LAUNCH_FD_FILLING, 1), -1);
    int fd = launch_take_fd(&launch, LAUNCH_FD_KVM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(launch_get_fd(&launch, LAUNCH_FD_KVM, 0), -1);
    close(fd);
    ck_assert_uint_eq(launch_take_data(&launch, 0, data), 2);
    close(data[0]);
    close(data[1]);
    launch_release(&launch);
    close_pair();
}
END_TEST

START_TEST(descriptors_beyond_one_message_follow)
{
    open_pair();
    while (message.n_fds < 2 * FD_PASS_MAX + 10)
        add_fd(LAUNCH_FD_DATA, 0);
    send_launch(message.n_fds);
    ck_assert_ok(launch_receive(pair[1], &launch, &err), err);
    ck_assert_int_ge(launch.fds[message.n_fds - 1], 0);
    launch_release(&launch);
    close_pair();
}
END_TEST

START_TEST(missing_and_surplus_descriptors_are_refused)
{
    open_pair();
    send_launch(message.n_fds - 1);
    shutdown(pair[0], SHUT_WR);
    ck_assert_fails(launch_receive(pair[1], &launch, &err), err, ERROR_INPUT,
                    "launch message: 10 descriptors announced, 9 received");
    close_pair();
    open_pair();
    send_launch(message.n_fds + 1);
    ck_assert_fails(launch_receive(pair[1], &launch, &err), err, ERROR_INPUT,
                    "launch message: 10 descriptors announced, 11 received");
    close_pair();
}
END_TEST

START_TEST(a_refused_launch_leaves_no_descriptor)
{
    open_pair();
    message.version = 9;
    send_launch(message.n_fds);
    ck_assert_fails(launch_receive(pair[1], &launch, &err), err, ERROR_INPUT, "version is 9");
    close_pair();
}
END_TEST

START_TEST(a_start_is_received_with_its_taps)
{
    int fds[2] = {STDERR_FILENO, STDERR_FILENO};
    open_pair();
    ck_assert_ok(fd_send(pair[0], &start, sizeof(start), fds, 2, &err), err);
    ck_assert_ok(launch_receive_start(pair[1], &got_start, &err), err);
    ck_assert_str_eq(got_start.message.cmdline, "hello");
    ck_assert_int_ge(got_start.taps[1], 0);
    launch_release_start(&got_start);

    ck_assert_ok(fd_send(pair[0], &start, sizeof(start), fds, 1, &err), err);
    ck_assert_fails(launch_receive_start(pair[1], &got_start, &err), err, ERROR_INPUT,
                    "start message: 1 descriptors for 2 network devices");
    close_pair();
}
END_TEST

START_TEST(a_reply_carries_the_error)
{
    struct error failure = {.kind = ERROR_NOT_EXEC, .text = "no"}, out = {0};
    struct launch_reply reply;
    open_pair();
    ck_assert_ok(launch_reply(pair[0], &failure, &out), out);
    ck_assert_int_eq(read(pair[1], &reply, sizeof(reply)), sizeof(reply));
    ck_assert_uint_eq(reply.failed, 1);
    ck_assert_int_eq(reply.error.kind, ERROR_NOT_EXEC);
    ck_assert_str_eq(reply.error.text, "no");
    ck_assert_ok(launch_reply(pair[0], NULL, &out), out);
    ck_assert_int_eq(read(pair[1], &reply, sizeof(reply)), sizeof(reply));
    ck_assert_uint_eq(reply.failed, 0);
    close_pair();
}
END_TEST

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
    Suite *suite = suite_create("launch");
    TCase *t = unit_case(suite, "launch");
    tcase_add_checked_fixture(t, given_right_messages, NULL);
    tcase_add_test(t, a_right_launch_message_is_accepted);
    tcase_add_test(t, a_right_start_message_is_accepted);
    tcase_add_test(t, addresses_and_routes_are_of_a_device_and_a_family);
    tcase_add_test(t, an_environment_ends_with_a_nul);
    tcase_add_loop_test(t, a_wrong_launch_message_is_refused_by_name, 0, COUNT(launch_refusals));
    tcase_add_loop_test(t, a_wrong_start_message_is_refused_by_name, 0, COUNT(start_refusals));
    tcase_add_test(t, endless_texts_and_twins_are_refused);
    tcase_add_test(t, a_launch_is_received_with_its_descriptors);
    tcase_add_test(t, descriptors_beyond_one_message_follow);
    tcase_add_test(t, missing_and_surplus_descriptors_are_refused);
    tcase_add_test(t, a_refused_launch_leaves_no_descriptor);
    tcase_add_test(t, a_start_is_received_with_its_taps);
    tcase_add_test(t, a_reply_carries_the_error);
    return unit_run(suite);
}
