/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of net.h on real interfaces, those of pod.h. The guest is tap_guest.c in a thread. */
#include "base/cleanup.h"
#include "net.h"
#include "net_filter.h"
#include "net_steer.h"
#include "pod.h"
#include "running_guest.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket that is connected to the pod, or -1 if it refused or did not answer. */
static int connect_to_pod(int family, int type, int protocol, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    inet_pton(AF_INET, "10.99.0.7", &in.sin_addr);
    inet_pton(AF_INET6, "fd99::7", &in6.sin6_addr);

    int sock = socket(family, type | SOCK_CLOEXEC, protocol);
    ck_assert_int_ge(sock, 0);
    struct timeval limit = {.tv_sec = 2};
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(sock, family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
                family == AF_INET ? sizeof(in) : sizeof(in6)) < 0) {
        int saved = errno;
        close(sock);
        errno = saved;
        return -1;
    }
    return sock;
}

static int socket_to_guest(int family, int type, int protocol, uint16_t port)
{
    int sock = connect_to_pod(family, type, protocol, port);
    ck_assert_msg(sock >= 0, "connect: %s", strerror(errno));
    return sock;
}

static bool udp_comes_back_from(int family, uint16_t port)
{
    char data[1000], back[1000];
    memset(data, 'u', sizeof(data));
    int sock = socket_to_guest(family, SOCK_DGRAM, 0, port);
    bool is_back = send(sock, data, sizeof(data), 0) == sizeof(data) &&
                   recv(sock, back, sizeof(back), 0) == sizeof(back) && memcmp(data, back, sizeof(data)) == 0;
    close(sock);
    return is_back;
}

static bool udp_comes_back(int family)
{
    return udp_comes_back_from(family, 7);
}

/* 0, or why no connection came about. */
static int tcp_connects(int family, uint16_t port)
{
    int sock = connect_to_pod(family, SOCK_STREAM, 0, port);
    if (sock < 0)
        return errno;
    close(sock);
    return 0;
}

static bool ping_comes_back(void)
{
    struct icmphdr echo = {.type = ICMP_ECHO, .un.echo = {.id = htons(77), .sequence = htons(1)}};
    uint8_t answer[128];
    echo.checksum = (uint16_t) ~(htons(ICMP_ECHO << 8) + htons(77) + htons(1));
    int sock = socket_to_guest(AF_INET, SOCK_RAW, IPPROTO_ICMP, 0);
    bool is_back = send(sock, &echo, sizeof(echo), 0) == sizeof(echo) &&
                   recv(sock, answer, sizeof(answer), 0) >= 28 && answer[20] == ICMP_ECHOREPLY;
    close(sock);
    return is_back;
}

START_TEST(an_interface_is_described)
{
    struct error err = {0};
    struct net_interface found[4];
    size_t n = 0;
    pod_make();
    ck_assert_ok(net_scan(pod_fd, found, 4, &n, &err), err);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(found[0].name, "lan7");
    ck_assert_mem_eq(found[0].mac, "\x02\0\0\0\0\x07", 6);
    ck_assert_uint_eq(found[0].mtu, 1400);
    ck_assert_mem_eq(found[0].ipv4, "\x0a\x63\0\x07", 4);
    ck_assert_uint_eq(found[0].ipv4_prefix, 24);
    ck_assert_mem_eq(found[0].ipv4_gateway, "\x0a\x63\0\x01", 4);
    ck_assert_mem_eq(found[0].ipv6, "\xfd\x99\0\0\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    ck_assert_uint_eq(found[0].ipv6_prefix, 64);
    ck_assert_mem_eq(found[0].ipv6_gateway, "\xfd\x99\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    pod_drop();
}
END_TEST

START_TEST(only_usable_interfaces_are_found_in_order)
{
    struct error err = {0};
    struct net_interface found[4];
    size_t n = 0;
    pod_make();
    pod_run(
        "ip link add p1 type veth peer name zz netns %d; ip link add p2 type veth peer name down0 netns %d; "
        "ip link add p3 type veth peer name port0 netns %d; ip link add p4 type veth peer name aa netns %d",
        pod_pid, pod_pid, pod_pid, pod_pid);
    pod_run(
        "nsenter -t %d -n sh -c 'ip link add br0 type bridge; ip link set port0 master br0; ip link set "
        "port0 up; "
        "ip link set br0 up; ip tuntap add dev foreign0 mode tap; ip link set foreign0 up; ip link set zz "
        "up; "
        "ip link set aa up'",
        pod_pid);
    ck_assert_ok(net_scan(pod_fd, found, 4, &n, &err), err);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(found[0].name, "lan7");
    ck_assert_str_eq(found[1].name, "zz");
    ck_assert_str_eq(found[2].name, "aa");
    ck_assert_fails(net_scan(pod_fd, found, 2, &n, &err), err, ERROR_REFUSED,
                    "has 3 interfaces, more than 2");
    pod_drop();
}
END_TEST

START_TEST(a_guest_answers_in_place_of_the_namespace)
{
    struct running_guest guest;
    pod_make();
    ck_assert(ping_comes_back()); /* by the kernel, so far */
    running_guest_start(&guest, 0);
    ck_assert_mem_eq(guest.message.nets[0].mac, "\x02\0\0\0\0\x07", 6);
    ck_assert_uint_eq(guest.message.nets[0].mtu, 1400);
    ck_assert_str_eq(guest.message.nets[0].name, "service");
    ck_assert(ping_comes_back());
    ck_assert(udp_comes_back(AF_INET)); /* nobody in the pod's own stack would answer this */
    ck_assert(udp_comes_back(AF_INET6));
    running_guest_stop(&guest);
    ck_assert_uint_ge(guest.guest.n_frames, 3);
    pod_drop();
}
END_TEST

/* Neighbour answers that arrive at the peer's end within a second. */
static int count_answers(int sock)
{
    uint8_t frame[2048];
    int n = 0;
    ssize_t size;
    while ((size = recv(sock, frame, sizeof(frame), 0)) > 0) {
        uint16_t protocol = (uint16_t)(frame[12] << 8 | frame[13]);
        if ((protocol == ETHERTYPE_ARP && frame[21] == 2) ||
            (protocol == ETHERTYPE_IPV6 && size > 54 && frame[20] == IPPROTO_ICMPV6 &&
             frame[54] == ND_NEIGHBOR_ADVERT))
            n++;
    }
    return n;
}

START_TEST(arp_and_neighbour_discovery_are_answered_once)
{
    struct running_guest guest;
    pod_make();
    running_guest_start(&guest, 0);
    int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL),
                             .sll_ifindex = (int)if_nametoindex("peer0")};
    ck_assert_int_eq(bind(sock, (struct sockaddr *)&at, sizeof(at)), 0);
    struct timeval limit = {.tv_usec = 400000};
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ck_assert(udp_comes_back(AF_INET));
    ck_assert(udp_comes_back(AF_INET6));
    ck_assert_int_eq(count_answers(sock), 2);
    close(sock);
    running_guest_stop(&guest);
    pod_drop();
}
END_TEST

/* The sender's end leaves segmentation and sums to the "hardware", as a bridge's veth does. */
static void send_stream(int family)
{
    enum { CHUNK = 65536, CHUNKS = 48 };
    struct running_guest guest;
    char *chunk = calloc(1, CHUNK);
    running_guest_start(&guest, 0);
    int sock = socket_to_guest(family, SOCK_STREAM, 0, 80);
    for (int i = 0; i < CHUNKS; i++) {
        for (size_t sent = 0; sent < CHUNK;) {
            ssize_t n = send(sock, chunk + sent, CHUNK - sent, MSG_NOSIGNAL);
            ck_assert_msg(n > 0, "send: %s", strerror(errno));
            sent += (size_t)n;
        }
    }
    shutdown(sock, SHUT_WR);
    ck_assert_int_eq(recv(sock, chunk, 1, 0), 0);
    close(sock);
    free(chunk);
    running_guest_stop(&guest);
    ck_assert_uint_eq(guest.guest.tcp_bytes, (uint64_t)CHUNK * CHUNKS);
    ck_assert_uint_eq(guest.guest.longest, guest.message.nets[0].mtu + (size_t)ETHER_HDR_LEN);
}

START_TEST(segments_are_whole_and_summed)
{
    pod_make();
    ck_assert_int_eq(system("ethtool -K peer0 tso on gso on tx on >/dev/null"), 0);
    send_stream(_i == 0 ? AF_INET : AF_INET6);
    pod_drop();
}
END_TEST

START_TEST(guests_that_share_an_interface_are_told_apart_by_port)
{
    for (int i = 0; i < 2; i++) {
        int family = i == 0 ? AF_INET : AF_INET6;
        struct running_guest first, second, third;
        pod_make();
        running_guest_start(&first, 80);
        ck_assert_int_eq(tcp_connects(family, 80), 0);
        ck_assert_int_eq(tcp_connects(family, 81), ECONNREFUSED); /* by the only guest */
        running_guest_start(&second, 81);
        running_guest_start(&third, 82);
        for (uint16_t port = 80; port <= 82; port++) {
            ck_assert_int_eq(tcp_connects(family, port), 0);
            ck_assert(udp_comes_back_from(family, port));
            ck_assert_int_eq(tcp_connects(family, port), 0);
        }
        running_guest_stop(&first);
        running_guest_stop(&second);
        running_guest_stop(&third);
        pod_drop();
    }
}
END_TEST

START_TEST(a_guest_that_ended_leaves_its_port_to_another)
{
    struct error err = {0};
    struct running_guest first, second;
    pod_make();
    running_guest_start(&first, 80);
    ck_assert_int_eq(tcp_connects(AF_INET, 80), 0);
    running_guest_stop(&first);
    running_guest_start(&second, 80);
    ck_assert_int_eq(tcp_connects(AF_INET, 80), 0);
    ck_assert_int_eq(tcp_connects(AF_INET, 81), ECONNREFUSED);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert_int_eq(tcp_connects(AF_INET, 80), 0);
    running_guest_stop(&second);
    pod_drop();
}
END_TEST

START_TEST(processes_of_the_namespace_keep_their_ports)
{
    struct running_guest guest;
    pod_make();
    pid_t sidecar = sidecar_start("::", 90);
    running_guest_start(&guest, 80);
    for (int i = 0; i < 2; i++) {
        int family = i == 0 ? AF_INET : AF_INET6;
        ck_assert_int_eq(tcp_connects(family, 80), 0);
        ck_assert_int_eq(tcp_connects(family, 90), 0);
        ck_assert(udp_comes_back_from(family, 80));
        ck_assert(udp_comes_back_from(family, 90));
        ck_assert_int_eq(tcp_connects(family, 91), ECONNREFUSED);
    }
    sidecar_stop(sidecar);
    running_guest_stop(&guest);
    pod_drop();
}
END_TEST

START_TEST(an_interface_takes_only_so_many_guests)
{
    struct error err = {0};
    struct net_request request = {.device = "service", .interface = "lan7"};
    struct start_message message;
    int taps[NET_STEER_GUESTS_MAX], one_more = -1;
    pod_make();
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++)
        ck_assert_ok(net_attach(pod_fd, &request, 1, &message, &taps[i], &err), err);
    ck_assert_fails(net_attach(pod_fd, &request, 1, &message, &one_more, &err), err, ERROR_STATE,
                    "network device 'service': take over interface 'lan7': 8 guests have it already");
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++)
        close(taps[i]);
    pod_drop();
}
END_TEST

START_TEST(a_guest_can_be_followed_by_another)
{
    pod_make();
    for (int i = 0; i < 3; i++) {
        struct running_guest guest;
        running_guest_start(&guest, 0);
        ck_assert(udp_comes_back(AF_INET));
        running_guest_stop(&guest);
        ck_assert(!pod_can("ip link show type tun | grep ."));
    }
    pod_drop();
}
END_TEST

START_TEST(detaching_gives_the_interface_back)
{
    struct error err = {0};
    struct running_guest guest;
    pod_make();
    running_guest_start(&guest, 0);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(udp_comes_back(AF_INET)); /* a running guest keeps it */
    running_guest_stop(&guest);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert_ok(net_detach(pod_fd, &err), err);
    ck_assert(!pod_can("tc qdisc show | grep clsact"));
    ck_assert(ping_comes_back()); /* by the namespace's own stack */
    pod_drop();
}
END_TEST

START_TEST(devices_take_interfaces_in_order_and_by_name)
{
    struct error err = {0};
    struct net_request requests[3] = {{.device = "a"}, {.device = "b", .interface = "lan7"}, {.device = "c"}};
    struct start_message message;
    int taps[3];
    pod_make();
    pod_run(
        "ip link add p1 type veth peer name eth1 netns %d; ip link add p2 type veth peer name eth2 netns %d; "
        "nsenter -t %d -n sh -c 'ip link set eth1 mtu 9000 up; ip link set eth2 address 02:00:00:00:00:22 "
        "up'",
        pod_pid, pod_pid, pod_pid);
    ck_assert_ok(net_attach(pod_fd, requests, 3, &message, taps, &err), err);
    ck_assert_uint_eq(message.nets[0].mtu, 9000);
    ck_assert_uint_eq(message.nets[1].mac[5], 7);
    ck_assert_uint_eq(message.nets[2].mac[5], 0x22);
    ck_assert_str_eq(message.nets[2].name, "c");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_ne(fcntl(taps[i], F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_ne(fcntl(taps[i], F_GETFD) & FD_CLOEXEC, 0);
        close(taps[i]);
    }
    pod_drop();
}
END_TEST

/* The entry for prefix, "fd98::/64" or "10.98.0.0/16"; NULL if the guest is not told of it. */
static const struct start_route *find_route(const struct start_message *message, const char *prefix)
{
    for (uint32_t i = 0; i < message->n_routes; i++) {
        const struct start_route *route = &message->routes[i];
        char text[INET6_ADDRSTRLEN], full[INET6_ADDRSTRLEN + 8];
        inet_ntop(route->family == 4 ? AF_INET : AF_INET6, route->destination, text, sizeof(text));
        snprintf(full, sizeof(full), "%s/%u", text, route->prefix);
        if (strcmp(full, prefix) == 0)
            return route;
    }
    return NULL;
}

START_TEST(further_addresses_and_routes_are_told)
{
    static const uint8_t via[4] = {10, 99, 0, 1}, on_link[16], via6[16] = {0xfd, 0x99, [15] = 9};
    struct error err = {0};
    struct net_request request = {.device = "service"};
    static struct start_message message;
    int tap = -1;
    pod_make();
    pod_run("nsenter -t %d -n sh -c '"
            "ip address add 10.97.0.7/16 dev lan7; ip address add fd97::7/48 dev lan7 nodad; "
            "ip route add 10.98.0.0/16 via 10.99.0.1; ip route add 169.254.1.1 dev lan7; "
            "ip -6 route add fd98::/64 via fd99::9; "
            "ip route add 10.96.0.0/16 dev lo'",
            pod_pid);
    ck_assert_ok(net_attach(pod_fd, &request, 1, &message, &tap, &err), err);
    ck_assert_uint_eq(message.n_nets, 1);
    ck_assert_uint_eq(message.n_addresses, 2);
    ck_assert_uint_eq(message.addresses[0].family, 4);
    ck_assert_uint_eq(message.addresses[0].prefix, 16);
    ck_assert_uint_eq(message.addresses[0].address[1], 97);
    ck_assert_uint_eq(message.addresses[1].family, 6);
    ck_assert_uint_eq(message.addresses[1].prefix, 48);
    ck_assert_uint_eq(message.addresses[1].address[15], 7);

    const struct start_route *far = find_route(&message, "10.98.0.0/16");
    const struct start_route *near = find_route(&message, "169.254.1.1/32");
    const struct start_route *far6 = find_route(&message, "fd98::/64");
    ck_assert(far != NULL && memcmp(far->gateway, via, sizeof(via)) == 0);
    ck_assert(near != NULL && memcmp(near->gateway, on_link, sizeof(on_link)) == 0);
    ck_assert(far6 != NULL && memcmp(far6->gateway, via6, sizeof(via6)) == 0);
    ck_assert_ptr_null(find_route(&message, "10.96.0.0/16")); /* another interface's */
    ck_assert_ptr_null(find_route(&message, "0.0.0.0/0"));    /* the gateway says it */
    ck_assert_ptr_null(find_route(&message, "10.99.0.0/24")); /* the address says it */
    close(tap);
    pod_drop();
}
END_TEST

START_TEST(a_failure_leaves_nothing)
{
    struct error err = {0};
    struct net_request requests[2] = {{.device = "a"}, {.device = "b"}};
    struct start_message message;
    int taps[2], held[NET_STEER_GUESTS_MAX];
    pod_make();
    ck_assert_fails(net_attach(pod_fd, requests, 2, &message, taps, &err), err, ERROR_INPUT,
                    "network device 'b': no interface for it: the network namespace has 1");
    pod_run("ip link add p1 type veth peer name eth1 netns %d; nsenter -t %d -n ip link set eth1 up", pod_pid,
            pod_pid);
    struct net_request second = {.device = "other", .interface = "eth1"};
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++)
        ck_assert_ok(net_attach(pod_fd, &second, 1, &message, &held[i], &err), err);
    ck_assert_fails(net_attach(pod_fd, requests, 2, &message, taps, &err), err, ERROR_STATE, "'eth1'");
    ck_assert(!pod_can("tc filter show dev lan7 ingress | grep ."));
    ck_assert(ping_comes_back());
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++)
        close(held[i]);
    pod_drop();
}
END_TEST

START_TEST(the_hosts_namespace_is_refused)
{
    struct error err = {0};
    struct net_request request = {.device = "service"};
    struct start_message message;
    int tap = -1;
    _cleanup_close_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    ck_assert_fails(net_attach(own, &request, 1, &message, &tap, &err), err, ERROR_REFUSED,
                    "the container is in the host's network namespace");
}
END_TEST

/* The way for kernels without BPF. Two veth pairs: what goes in at in0 must come out at out1. */
START_TEST(plain_redirection_works_too)
{
    struct error err = {0};
    struct netlink nl;
    uint8_t frame[64] = "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x88\xb5";
    uint8_t got[128];
    pod_make_namespaces();
    pod_run("ip link add in0 type veth peer name in1; ip link add out0 type veth peer name out1; "
            "for i in in0 in1 out0 out1; do ip link set $i up; done");
    ck_assert_ok(netlink_open(&nl, &err), err);
    int from = (int)if_nametoindex("in1"), to = (int)if_nametoindex("out0");
    ck_assert_ok(net_filter_redirect(&nl, from, from, &err), err); /* to be replaced */
    ck_assert_ok(net_filter_redirect(&nl, from, to, &err), err);

    int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    int sink = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x88b5));
    struct sockaddr_ll in = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("in0")};
    struct sockaddr_ll out = {
        .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = (int)if_nametoindex("out1")};
    struct timeval limit = {.tv_sec = 1};
    setsockopt(sink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ck_assert_int_eq(bind(sink, (struct sockaddr *)&out, sizeof(out)), 0);
    ck_assert_int_eq(sendto(sock, frame, sizeof(frame), 0, (struct sockaddr *)&in, sizeof(in)), 64);
    ck_assert_int_eq(recv(sink, got, sizeof(got), 0), 64);
    ck_assert_mem_eq(got, frame, 64);

    const struct net_filter_place place = {.interface = from, .hook = NET_INGRESS};
    ck_assert_ok(net_filter_remove(&nl, &place, &err), err);
    ck_assert_ok(net_filter_remove(&nl, &place, &err), err);
    ck_assert_int_eq(system("tc qdisc show dev in1 | grep -q clsact") == 0, 0);
    close(sock);
    close(sink);
    netlink_close(&nl);
    pod_drop();
}
END_TEST

int main(void)
{
    if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) != 0 || system("ip -V >/dev/null 2>&1") != 0) {
        printf("skipped: needs root, /dev/net/tun and ip(8)\n");
        return 77;
    }
    Suite *suite = suite_create("net");
    TCase *t = unit_case(suite, "net");
    tcase_add_test(t, an_interface_is_described);
    tcase_add_test(t, only_usable_interfaces_are_found_in_order);
    tcase_add_test(t, a_guest_answers_in_place_of_the_namespace);
    tcase_add_test(t, arp_and_neighbour_discovery_are_answered_once);
    tcase_add_loop_test(t, segments_are_whole_and_summed, 0, 2);
    tcase_add_test(t, guests_that_share_an_interface_are_told_apart_by_port);
    tcase_add_test(t, a_guest_that_ended_leaves_its_port_to_another);
    tcase_add_test(t, processes_of_the_namespace_keep_their_ports);
    tcase_add_test(t, an_interface_takes_only_so_many_guests);
    tcase_add_test(t, a_guest_can_be_followed_by_another);
    tcase_add_test(t, detaching_gives_the_interface_back);
    tcase_add_test(t, devices_take_interfaces_in_order_and_by_name);
    tcase_add_test(t, further_addresses_and_routes_are_told);
    tcase_add_test(t, a_failure_leaves_nothing);
    tcase_add_test(t, the_hosts_namespace_is_refused);
    tcase_add_test(t, plain_redirection_works_too);
    return unit_run(suite);
}
