/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parties of one address reach each other: the promises of net_steer.h, on the namespace of pod.h. Guests
 * that answer are tap_guest.c in threads, one that asks is tap_client.c, processes are children in the
 * namespace.
 */
#include "net.h"
#include "net_loopback.h"
#include "pod.h"
#include "running_guest.h"
#include "tap_client.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define POD      "10.99.0.7"
#define POD6     "fd99::7"
#define ANYONE   "169.254.119.104"
#define ANYONE6  "fd77:6865:7272:79::68"
#define FROM_ANY 40000 /* a guest's port that is like any other */

/* Connects a socket of the calling process; -1 with errno. */
static int connect_to(const char *from, const char *to, int type, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_ipv4 = inet_pton(AF_INET, to, &in.sin_addr) == 1;
    inet_pton(AF_INET6, to, &in6.sin6_addr);
    int sock = socket(is_ipv4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 2};
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    struct sockaddr_in own = {.sin_family = AF_INET};
    if (from != NULL && (inet_pton(AF_INET, from, &own.sin_addr) != 1 ||
                         bind(sock, (struct sockaddr *)&own, sizeof(own)) < 0))
        return -1;
    if (connect(sock, is_ipv4 ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
                is_ipv4 ? sizeof(in) : sizeof(in6)) < 0)
        return -1;
    return sock;
}

static int ask_tcp(const char *from, const char *to, uint16_t port)
{
    return connect_to(from, to, SOCK_STREAM, port) < 0 ? errno : 0;
}

static int ask_udp(const char *from, const char *to, uint16_t port)
{
    char data[1000], back[1000];
    memset(data, 'u', sizeof(data));
    int sock = connect_to(from, to, SOCK_DGRAM, port);
    if (sock < 0 || send(sock, data, sizeof(data), 0) != sizeof(data))
        return errno;
    if (recv(sock, back, sizeof(back), 0) != sizeof(back))
        return errno;
    return memcmp(data, back, sizeof(data)) == 0 ? 0 : EIO;
}

/* Sends a megabyte to a guest that keeps nothing, and waits for its end of the connection. */
static int ask_bulk(const char *from, const char *to, uint16_t port)
{
    enum { CHUNK = 65536, CHUNKS = 16 };
    char *chunk = calloc(1, CHUNK);
    int sock = connect_to(from, to, SOCK_STREAM, port);
    if (sock < 0 || chunk == NULL)
        return errno;
    for (int i = 0; i < CHUNKS; i++) {
        for (size_t sent = 0; sent < CHUNK;) {
            ssize_t n = send(sock, chunk + sent, CHUNK - sent, MSG_NOSIGNAL);
            if (n <= 0)
                return errno;
            sent += (size_t)n;
        }
    }
    free(chunk);
    shutdown(sock, SHUT_WR);
    return recv(sock, &(char){0}, 1, 0) == 0 ? 0 : errno;
}

/* What ask returns in a process of the pod's namespace. from: the own address, or NULL. */
static int in_pod(int (*ask)(const char *from, const char *to, uint16_t port), const char *from,
                  const char *to, uint16_t port)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setns(pod_fd, CLONE_NEWNET) < 0 ? 255 : ask(from, to, port));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "a process in the pod died of signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* A guest that asks and does not answer. */
struct asking_guest {
    int fd;
    struct start_message message;
};

static void asking_guest_start(struct asking_guest *asking)
{
    struct error err = {0};
    struct net_request request = {.device = "service"};
    ck_assert_ok(net_attach(pod_fd, &request, 1, &asking->message, &asking->fd, &err), err);
}

static struct tap_client client_of(const struct asking_guest *asking, const char *to, uint16_t port)
{
    return (struct tap_client){.fd = asking->fd,
                               .net = &asking->message.nets[0],
                               .family = strchr(to, ':') != NULL ? AF_INET6 : AF_INET,
                               .to = to,
                               .port = port,
                               .from_port = FROM_ANY};
}

static int guest_connects(const struct asking_guest *asking, const char *to, uint16_t port)
{
    struct tap_client client = client_of(asking, to, port);
    return tap_client_connect(&client);
}

static bool guest_gets_echo(const struct asking_guest *asking, const char *to, uint16_t port)
{
    struct tap_client client = client_of(asking, to, port);
    return tap_client_echo(&client);
}

START_TEST(a_process_reaches_a_guest_at_every_address)
{
    static const char *const addresses[] = {POD, "127.0.0.1", POD6, "::1"};
    struct running_guest guest;
    pod_make();
    running_guest_start(&guest, 80);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(in_pod(ask_tcp, NULL, addresses[i], 80), 0);
        ck_assert_int_eq(in_pod(ask_udp, NULL, addresses[i], 80), 0);
        ck_assert_int_eq(in_pod(ask_tcp, NULL, addresses[i], 81), ECONNREFUSED);
    }
    ck_assert_int_eq(in_pod(ask_udp, "127.0.0.1", POD, 80), 0);
    ck_assert_int_eq(in_pod(ask_udp, POD, "127.0.0.1", 80), 0);
    running_guest_stop(&guest);
    pod_drop();
}
END_TEST

/* Segmentation and sums are lo's "hardware's" business, which a tap does not have. */
START_TEST(much_data_arrives_whole)
{
    static const char *const addresses[] = {POD, "127.0.0.1", POD6, "::1"};
    struct running_guest guest;
    pod_make();
    running_guest_start(&guest, 0);
    ck_assert_int_eq(in_pod(ask_bulk, NULL, addresses[_i], 80), 0);
    running_guest_stop(&guest);
    ck_assert_uint_eq(guest.guest.tcp_bytes, 1 << 20);
    ck_assert_uint_eq(guest.guest.longest, guest.message.nets[0].mtu + 14u);
    pod_drop();
}
END_TEST

START_TEST(a_process_reaches_each_guest_at_its_port)
{
    static const char *const addresses[] = {POD, "127.0.0.1", POD6, "::1"};
    struct running_guest first, second, third;
    pod_make();
    pid_t sidecar = sidecar_start("::", 90);
    running_guest_start(&first, 80);
    running_guest_start(&second, 81);
    running_guest_start(&third, 82);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 4; i++) {
            for (uint16_t port = 80; port <= 82; port++) {
                ck_assert_int_eq(in_pod(ask_tcp, NULL, addresses[i], port), 0);
                ck_assert_int_eq(in_pod(ask_udp, NULL, addresses[i], port), 0);
            }
            ck_assert_int_eq(in_pod(ask_tcp, NULL, addresses[i], 90), 0); /* its own stack's */
            ck_assert_int_eq(in_pod(ask_udp, NULL, addresses[i], 90), 0);
            ck_assert_int_eq(in_pod(ask_tcp, NULL, addresses[i], 91), ECONNREFUSED); /* by all of them */
        }
    }
    sidecar_stop(sidecar);
    running_guest_stop(&first);
    running_guest_stop(&second);
    running_guest_stop(&third);
    pod_drop();
}
END_TEST

START_TEST(a_guest_reaches_a_guest)
{
    static const char *const addresses[] = {POD, "127.0.0.1", ANYONE, POD6, "::1", ANYONE6};
    struct running_guest first, second;
    struct asking_guest asking;
    pod_make();
    running_guest_start(&first, 80);
    running_guest_start(&second, 81);
    asking_guest_start(&asking);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 6; i++) {
            for (uint16_t port = 80; port <= 81; port++) {
                ck_assert_int_eq(guest_connects(&asking, addresses[i], port), 0);
                ck_assert(guest_gets_echo(&asking, addresses[i], port));
            }
            ck_assert_int_eq(guest_connects(&asking, addresses[i], 82), ECONNREFUSED);
        }
    }
    close(asking.fd);
    running_guest_stop(&first);
    running_guest_stop(&second);
    pod_drop();
}
END_TEST

START_TEST(a_guest_reaches_a_process)
{
    static const char *const addresses[] = {POD, "127.0.0.1", ANYONE, POD6, "::1", ANYONE6};
    struct asking_guest asking;
    pod_make();
    pid_t sidecar = sidecar_start("::", 90);
    asking_guest_start(&asking);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(guest_connects(&asking, addresses[i], 90), 0);
        ck_assert(guest_gets_echo(&asking, addresses[i], 90));
    }
    close(asking.fd);
    sidecar_stop(sidecar);
    pod_drop();
}
END_TEST

START_TEST(a_process_that_listens_at_loopback_only_is_reached_there_only)
{
    struct asking_guest asking;
    struct running_guest guest;
    pod_make();
    pid_t sidecar = sidecar_start("127.0.0.1", 90), sidecar6 = sidecar_start("::1", 90);
    running_guest_start(&guest, 80);
    asking_guest_start(&asking);
    ck_assert_int_eq(guest_connects(&asking, "127.0.0.1", 90), 0);
    ck_assert_int_eq(guest_connects(&asking, ANYONE, 90), 0);
    ck_assert_int_eq(guest_connects(&asking, POD, 90), ECONNREFUSED);
    ck_assert_int_eq(guest_connects(&asking, "::1", 90), 0);
    ck_assert_int_eq(guest_connects(&asking, ANYONE6, 90), 0);
    ck_assert_int_eq(guest_connects(&asking, POD6, 90), ECONNREFUSED);
    ck_assert_int_eq(in_pod(ask_tcp, NULL, "127.0.0.1", 90), 0);
    close(asking.fd);
    sidecar_stop(sidecar);
    sidecar_stop(sidecar6);
    running_guest_stop(&guest);
    pod_drop();
}
END_TEST

START_TEST(parties_addresses_are_found_on_the_link)
{
    struct asking_guest asking;
    pod_make();
    asking_guest_start(&asking);
    struct tap_client party = client_of(&asking, ANYONE, 0), other = client_of(&asking, "169.254.1.1", 0);
    struct tap_client gateway = client_of(&asking, "10.99.0.1", 0);
    ck_assert(tap_client_arp(&party));
    ck_assert(!tap_client_arp(&other));
    ck_assert(tap_client_arp(&gateway)); /* by the gateway */
    close(asking.fd);
    pod_drop();
}
END_TEST

START_TEST(strict_reverse_path_checks_are_no_hindrance)
{
    struct running_guest guest;
    struct asking_guest asking;
    pod_make();
    pod_run("nsenter -t %d -n sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.lo.rp_filter=1",
            pod_pid);
    pid_t sidecar = sidecar_start("::", 90);
    running_guest_start(&guest, 80);
    asking_guest_start(&asking);
    ck_assert_int_eq(in_pod(ask_tcp, NULL, POD, 80), 0);
    ck_assert_int_eq(in_pod(ask_tcp, NULL, "127.0.0.1", 80), 0);
    ck_assert_int_eq(guest_connects(&asking, POD, 90), 0);
    ck_assert_int_eq(guest_connects(&asking, "127.0.0.1", 90), 0);
    close(asking.fd);
    sidecar_stop(sidecar);
    running_guest_stop(&guest);
    pod_drop();
}
END_TEST

START_TEST(a_datagram_longer_than_a_frame_does_not_arrive)
{
    struct running_guest guest;
    pod_make();
    pod_run("nsenter -t %d -n ip link set lan7 mtu 900", pod_pid);
    running_guest_start(&guest, 0);
    ck_assert_int_eq(in_pod(ask_udp, NULL, "127.0.0.1", 80), EAGAIN); /* a timeout */
    ck_assert_int_eq(in_pod(ask_tcp, NULL, "127.0.0.1", 80), 0);
    running_guest_stop(&guest); /* which got none that is too long */
    pod_drop();
}
END_TEST

/* Everything but the tap, which is gone with its guest. */
static bool is_clean(void)
{
    return !pod_can("ip -6 route show table all | grep fd77") && !pod_can("tc qdisc show | grep clsact") &&
           pod_can("sysctl -n net.ipv4.conf.lo.accept_local net.ipv4.conf.lo.route_localnet | grep -q 0") &&
           !pod_can("sysctl -n net.ipv4.conf.lo.accept_local net.ipv4.conf.lo.route_localnet | grep -q 1");
}

START_TEST(nothing_is_left_behind)
{
    struct error err = {0};
    struct asking_guest first, second;
    pod_make();
    ck_assert(is_clean());
    asking_guest_start(&first);
    asking_guest_start(&second);
    ck_assert(!is_clean());
    close(first.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(!is_clean()); /* the other one's */
    close(second.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(is_clean());
    pod_drop();
}
END_TEST

START_TEST(settings_that_were_there_before_stay)
{
    struct error err = {0};
    struct asking_guest first, second;
    pod_make();
    pod_run("nsenter -t %d -n sysctl -qw net.ipv4.conf.lo.route_localnet=1", pod_pid);
    asking_guest_start(&first);
    asking_guest_start(&second);
    close(first.fd);
    close(second.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(pod_can("test $(sysctl -n net.ipv4.conf.lo.route_localnet) = 1"));
    ck_assert(pod_can("test $(sysctl -n net.ipv4.conf.lo.accept_local) = 0"));
    pod_drop();
}
END_TEST

START_TEST(what_an_interface_leaves_that_has_vanished_is_removed)
{
    struct error err = {0};
    struct asking_guest asking;
    pod_make();
    asking_guest_start(&asking);
    pod_run("nsenter -t %d -n ip link del lan7", pod_pid);
    close(asking.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(is_clean());
    pod_drop();
}
END_TEST

START_TEST(filters_of_others_stay)
{
    struct error err = {0};
    struct asking_guest asking;
    pod_make();
    pod_run("nsenter -t %d -n sh -c 'tc qdisc add dev lo clsact; "
            "tc filter add dev lo egress prio 7 protocol ip u32 match u32 0 0 flowid 1:1'",
            pod_pid);
    asking_guest_start(&asking);
    close(asking.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(pod_can("tc filter show dev lo egress | grep -q \"pref 7\""));
    ck_assert(!pod_can("tc filter show dev lo egress | grep -q wherry"));
    pod_drop();
}
END_TEST

/* The other interface's programs come later at lo: what is for its address is theirs. */
START_TEST(each_interface_has_its_own_address)
{
    struct error err = {0};
    struct net_request request = {.device = "service", .interface = "eth1"};
    struct running_guest guest;
    struct asking_guest other;
    pod_make();
    pod_run("ip link add p1 type veth peer name eth1 netns %d; ip link set p1 up; nsenter -t %d -n sh -c '"
            "ip addr add 10.98.0.7/24 dev eth1; ip link set eth1 up'",
            pod_pid, pod_pid);
    running_guest_start(&guest, 80);
    ck_assert_ok(net_attach(pod_fd, &request, 1, &other.message, &other.fd, &err), err);
    ck_assert_int_eq(in_pod(ask_tcp, NULL, POD, 80), 0);
    ck_assert_int_eq(in_pod(ask_tcp, NULL, "127.0.0.1", 80), 0);
    ck_assert_int_ne(in_pod(ask_tcp, NULL, "10.98.0.7", 80), 0); /* a guest that does not answer */
    running_guest_stop(&guest);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(!is_clean());
    close(other.fd);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(is_clean());
    pod_drop();
}
END_TEST

int main(void)
{
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0 || system("ip -V >/dev/null 2>&1") != 0) {
        printf("skipped: needs root, /dev/net/tun and ip(8)\n");
        return 77;
    }
    Suite *suite = suite_create("net_pod");
    TCase *t = unit_case(suite, "net_pod");
    tcase_add_test(t, a_process_reaches_a_guest_at_every_address);
    tcase_add_loop_test(t, much_data_arrives_whole, 0, 4);
    tcase_add_test(t, a_process_reaches_each_guest_at_its_port);
    tcase_add_test(t, a_guest_reaches_a_guest);
    tcase_add_test(t, a_guest_reaches_a_process);
    tcase_add_test(t, a_process_that_listens_at_loopback_only_is_reached_there_only);
    tcase_add_test(t, parties_addresses_are_found_on_the_link);
    tcase_add_test(t, strict_reverse_path_checks_are_no_hindrance);
    tcase_add_test(t, a_datagram_longer_than_a_frame_does_not_arrive);
    tcase_add_test(t, nothing_is_left_behind);
    tcase_add_test(t, settings_that_were_there_before_stay);
    tcase_add_test(t, what_an_interface_leaves_that_has_vanished_is_removed);
    tcase_add_test(t, filters_of_others_stay);
    tcase_add_test(t, each_interface_has_its_own_address);
    return unit_run(suite);
}
