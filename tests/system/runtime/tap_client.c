/* SPDX-License-Identifier: Apache-2.0 */
#include "tap_client.h"

#include "inet_sum.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048
#define DATA_SIZE 600

/* Where the parts of a frame are. addresses are both, the source first. */
struct frame {
    uint8_t bytes[FRAME_MAX + 2] __attribute__((aligned(16)));
    uint8_t *eth, *addresses, *transport;
    size_t address_size, transport_size;
    uint8_t protocol;
};

static void lay_out(struct frame *frame, int family)
{
    frame->eth = frame->bytes + 2; /* puts the IP header on a multiple of 4 */
    frame->addresses = frame->eth + ETH_HLEN + (family == AF_INET ? 12 : 8);
    frame->transport = frame->eth + ETH_HLEN + (family == AF_INET ? 20 : 40);
    frame->address_size = family == AF_INET ? 4 : 16;
}

static const uint8_t *own_address(const struct tap_client *client)
{
    return client->family == AF_INET ? client->net->ipv4 : client->net->ipv6;
}

static void put_ip(const struct tap_client *client, struct frame *frame)
{
    memcpy(frame->addresses, own_address(client), frame->address_size);
    inet_pton(client->family, client->to, frame->addresses + frame->address_size);
    if (client->family == AF_INET) {
        struct iphdr *ip = (struct iphdr *)(frame->eth + ETH_HLEN);
        ip->version = 4;
        ip->ihl = 5;
        ip->ttl = 64;
        ip->protocol = frame->protocol;
        ip->tot_len = htons((uint16_t)(20 + frame->transport_size));
        ip->check = inet_sum_finish(inet_sum_add(0, ip, 20));
    } else {
        struct ip6_hdr *ip = (struct ip6_hdr *)(frame->eth + ETH_HLEN);
        ip->ip6_flow = htonl(6u << 28);
        ip->ip6_hlim = 64;
        ip->ip6_nxt = frame->protocol;
        ip->ip6_plen = htons((uint16_t)frame->transport_size);
    }
}

static bool send_frame(const struct tap_client *client, struct frame *frame, uint16_t *sum)
{
    struct ethhdr *eth = (struct ethhdr *)frame->eth;
    memset(eth->h_dest, 0x02, ETH_ALEN);
    memcpy(eth->h_source, client->net->mac, ETH_ALEN);
    eth->h_proto = htons(client->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
    put_ip(client, frame);
    *sum = inet_sum_with_pseudo(frame->addresses, 2 * frame->address_size, frame->protocol, frame->transport,
                                frame->transport_size);
    size_t size = (size_t)(frame->transport - frame->eth) + frame->transport_size;
    return write(client->fd, frame->eth, size) == (ssize_t)size;
}

/* Whether the frame of that size is for our port, from the address that was asked, and in order. */
static bool is_answer(const struct tap_client *client, struct frame *frame, size_t size)
{
    uint8_t asked[16];
    const struct ethhdr *eth = (struct ethhdr *)frame->eth;
    const uint16_t *ports = (uint16_t *)frame->transport;
    inet_pton(client->family, client->to, asked);
    if (eth->h_proto != htons(client->family == AF_INET ? ETH_P_IP : ETH_P_IPV6) ||
        size < (size_t)(frame->transport - frame->eth) + 8)
        return false;
    frame->transport_size = size - (size_t)(frame->transport - frame->eth);
    return memcmp(eth->h_dest, client->net->mac, ETH_ALEN) == 0 &&
           memcmp(frame->addresses, asked, frame->address_size) == 0 &&
           memcmp(frame->addresses + frame->address_size, own_address(client), frame->address_size) == 0 &&
           ports[0] == htons(client->port) && ports[1] == htons(client->from_port) &&
           inet_sum_with_pseudo(frame->addresses, 2 * frame->address_size, frame->protocol, frame->transport,
                                frame->transport_size) == 0 &&
           (client->family != AF_INET || inet_sum_finish(inet_sum_add(0, frame->eth + ETH_HLEN, 20)) == 0);
}

static int milliseconds_left(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long passed = (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
    return passed > 400 ? 0 : (int)(400 - passed);
}

/* Reads frames until one is as is_wanted says. */
static bool receive(const struct tap_client *client, struct frame *frame,
                    bool (*is_wanted)(const struct tap_client *client, struct frame *frame, size_t size))
{
    struct timespec begin;
    struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (poll(&poll_fd, 1, milliseconds_left(&begin)) > 0) {
        ssize_t n = read(client->fd, frame->eth, FRAME_MAX);
        if (n > 0 && is_wanted(client, frame, (size_t)n))
            return true;
    }
    return false;
}

bool tap_client_echo(const struct tap_client *client)
{
    struct frame sent = {.protocol = IPPROTO_UDP, .transport_size = sizeof(struct udphdr) + DATA_SIZE};
    struct frame got = {.protocol = IPPROTO_UDP};
    lay_out(&sent, client->family);
    lay_out(&got, client->family);
    struct udphdr *udp = (struct udphdr *)sent.transport;
    udp->source = htons(client->from_port);
    udp->dest = htons(client->port);
    udp->len = htons((uint16_t)sent.transport_size);
    memset(udp + 1, 'e', DATA_SIZE);
    return send_frame(client, &sent, &udp->check) && receive(client, &got, is_answer) &&
           got.transport_size == sent.transport_size &&
           memcmp(got.transport + sizeof(*udp), sent.transport + sizeof(*udp), DATA_SIZE) == 0;
}

int tap_client_connect(const struct tap_client *client)
{
    struct frame frame = {.protocol = IPPROTO_TCP, .transport_size = sizeof(struct tcphdr)};
    lay_out(&frame, client->family);
    struct tcphdr *tcp = (struct tcphdr *)frame.transport;
    tcp->source = htons(client->from_port);
    tcp->dest = htons(client->port);
    tcp->seq = htonl(1000);
    tcp->doff = 5;
    tcp->syn = 1;
    tcp->window = htons(8000);
    if (!send_frame(client, &frame, &tcp->check))
        return errno;
    memset(frame.eth, 0, FRAME_MAX);
    if (!receive(client, &frame, is_answer))
        return ETIMEDOUT;
    bool is_for_us = tcp->ack == 1 && tcp->ack_seq == htonl(1001);
    return is_for_us && tcp->rst == 1 ? ECONNREFUSED : is_for_us && tcp->syn == 1 ? 0 : EPROTO;
}

static bool is_arp_answer(const struct tap_client *client, struct frame *frame, size_t size)
{
    const struct ethhdr *eth = (struct ethhdr *)frame->eth;
    const struct ether_arp *arp = (struct ether_arp *)(frame->eth + ETH_HLEN);
    uint8_t asked[4];
    inet_pton(AF_INET, client->to, asked);
    return size >= ETH_HLEN + sizeof(*arp) && eth->h_proto == htons(ETH_P_ARP) &&
           memcmp(eth->h_dest, client->net->mac, ETH_ALEN) == 0 && arp->arp_op == htons(ARPOP_REPLY) &&
           memcmp(arp->arp_spa, asked, 4) == 0 && memcmp(arp->arp_tpa, client->net->ipv4, 4) == 0 &&
           memcmp(arp->arp_tha, client->net->mac, ETH_ALEN) == 0 &&
           memcmp(arp->arp_sha, eth->h_source, ETH_ALEN) == 0;
}

bool tap_client_arp(const struct tap_client *client)
{
    struct frame frame = {.protocol = 0};
    lay_out(&frame, AF_INET);
    struct ethhdr *eth = (struct ethhdr *)frame.eth;
    struct ether_arp *arp = (struct ether_arp *)(frame.eth + ETH_HLEN);
    memset(eth->h_dest, 0xff, ETH_ALEN);
    memcpy(eth->h_source, client->net->mac, ETH_ALEN);
    eth->h_proto = htons(ETH_P_ARP);
    arp->arp_hrd = htons(1);
    arp->arp_pro = htons(ETH_P_IP);
    arp->arp_hln = ETH_ALEN;
    arp->arp_pln = 4;
    arp->arp_op = htons(ARPOP_REQUEST);
    memcpy(arp->arp_sha, client->net->mac, ETH_ALEN);
    memcpy(arp->arp_spa, client->net->ipv4, 4);
    inet_pton(AF_INET, client->to, arp->arp_tpa);
    return write(client->fd, frame.eth, ETH_HLEN + sizeof(*arp)) == (ssize_t)(ETH_HLEN + sizeof(*arp)) &&
           receive(client, &frame, is_arp_answer);
}
