/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers are made in the frame that was received: addresses and ports are swapped, sums computed anew. TCP
 * knows one connection: it acknowledges whatever comes in order, offers the largest window, and answers FIN
 * with FIN.
 */
#include "tap_guest.h"

#include "inet_sum.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FRAME_MAX 70000

static void swap(void *a, void *b, size_t size)
{
    uint8_t kept[16];
    memcpy(kept, a, size);
    memcpy(a, b, size);
    memcpy(b, kept, size);
}

static void send_back(struct tap_guest *guest, uint8_t *frame, size_t size)
{
    struct ethhdr *eth = (struct ethhdr *)frame;
    memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
    memcpy(eth->h_source, guest->net->mac, ETH_ALEN);
    if (write(guest->fd, frame, size) != (ssize_t)size)
        guest->n_too_long++;
}

static void serve_arp(struct tap_guest *guest, uint8_t *frame, size_t size)
{
    struct ether_arp *arp = (struct ether_arp *)(frame + ETH_HLEN);
    if (size < ETH_HLEN + sizeof(*arp) || arp->arp_op != htons(ARPOP_REQUEST) ||
        memcmp(arp->arp_tpa, guest->net->ipv4, 4) != 0)
        return;
    arp->arp_op = htons(ARPOP_REPLY);
    memcpy(arp->arp_tha, arp->arp_sha, ETH_ALEN);
    memcpy(arp->arp_sha, guest->net->mac, ETH_ALEN);
    swap(arp->arp_spa, arp->arp_tpa, 4);
    send_back(guest, frame, ETH_HLEN + sizeof(*arp));
}

/* Turns a segment into its answer. Returns the answer's length, 0 for none. Options are not looked at. */
static size_t answer_tcp(struct tap_guest *guest, size_t ip_header, struct tcphdr *tcp, size_t size)
{
    size_t data_size = size - tcp->doff * 4u;
    uint32_t sequence = ntohl(tcp->seq);
    uint32_t ours = ntohl(tcp->ack_seq);

    if (tcp->rst)
        return 0;
    if (guest->port != 0 && tcp->dest != htons(guest->port)) {
        swap(&tcp->source, &tcp->dest, 2);
        tcp->seq = 0;
        tcp->ack_seq = htonl(sequence + tcp->syn + (uint32_t)data_size);
        memset((uint8_t *)tcp + 12, 0, 2);
        tcp->doff = 5;
        tcp->rst = 1;
        tcp->ack = 1;
        return 20;
    }
    if (tcp->syn) {
        guest->tcp_expected = sequence + 1;
        ours = 1000;
    } else if (sequence == guest->tcp_expected) {
        guest->tcp_expected += (uint32_t)data_size + tcp->fin;
        guest->tcp_bytes += data_size;
    }
    if (!tcp->syn && !tcp->fin && data_size == 0)
        return 0;

    bool is_syn = tcp->syn, is_fin = tcp->fin && sequence + data_size + 1 == guest->tcp_expected;
    swap(&tcp->source, &tcp->dest, 2);
    tcp->seq = htonl(ours);
    tcp->ack_seq = htonl(guest->tcp_expected);
    memset((uint8_t *)tcp + 12, 0, 2);
    tcp->doff = is_syn ? 6 : 5;
    tcp->ack = 1;
    tcp->syn = is_syn;
    tcp->fin = is_fin;
    tcp->window = htons(65535);
    tcp->urg_ptr = 0;
    if (is_syn) { /* the largest segment that fits the MTU (RFC 9293, 3.7.1) */
        uint16_t mss = htons((uint16_t)(guest->net->mtu - ip_header - 20));
        memcpy((uint8_t *)tcp + 20, (uint8_t[]){2, 4}, 2);
        memcpy((uint8_t *)tcp + 22, &mss, 2);
    }
    return tcp->doff * 4u;
}

/* The payload of an IP packet becomes its answer; *sum_field is where its checksum belongs. Returns the
 * length. */
static size_t answer_transport(struct tap_guest *guest, size_t ip_header, uint8_t protocol, uint8_t *data,
                               size_t size, uint16_t **sum_field)
{
    if (protocol == IPPROTO_TCP && size >= sizeof(struct tcphdr)) {
        *sum_field = &((struct tcphdr *)data)->check;
        return answer_tcp(guest, ip_header, (struct tcphdr *)data, size);
    }
    if (protocol == IPPROTO_UDP && size >= sizeof(struct udphdr)) {
        struct udphdr *udp = (struct udphdr *)data;
        *sum_field = &udp->check;
        if (guest->port != 0 && udp->dest != htons(guest->port))
            return 0;
        swap(&udp->source, &udp->dest, 2);
        return size;
    }
    return 0;
}

static void serve_ipv4(struct tap_guest *guest, uint8_t *frame, size_t size)
{
    struct iphdr *ip = (struct iphdr *)(frame + ETH_HLEN);
    size_t header = ip->ihl * 4u, total = ntohs(ip->tot_len);
    if (size < ETH_HLEN + sizeof(*ip) || total < header || size < ETH_HLEN + total ||
        memcmp(&ip->daddr, guest->net->ipv4, 4) != 0)
        return;
    uint8_t *data = (uint8_t *)ip + header;
    size_t data_size = total - header;
    uint16_t *sum = NULL;
    bool is_icmp = ip->protocol == IPPROTO_ICMP;
    uint16_t rest = is_icmp ? inet_sum_finish(inet_sum_add(0, data, data_size))
                            : inet_sum_with_pseudo(&ip->saddr, 8, ip->protocol, data, data_size);
    if (inet_sum_finish(inet_sum_add(0, ip, header)) != 0 || rest != 0) {
        guest->n_wrong_sums++;
        return;
    }

    if (is_icmp && data[0] == ICMP_ECHO) {
        data[0] = ICMP_ECHOREPLY;
        sum = &((struct icmphdr *)data)->checksum;
    } else {
        data_size = answer_transport(guest, header, ip->protocol, data, data_size, &sum);
    }
    if (sum == NULL || data_size == 0)
        return;
    swap(&ip->saddr, &ip->daddr, 4);
    ip->tot_len = htons((uint16_t)(header + data_size));
    ip->check = 0;
    ip->check = inet_sum_finish(inet_sum_add(0, ip, header));
    *sum = 0;
    *sum = is_icmp ? inet_sum_finish(inet_sum_add(0, data, data_size))
                   : inet_sum_with_pseudo(&ip->saddr, 8, ip->protocol, data, data_size);
    send_back(guest, frame, ETH_HLEN + header + data_size);
}

/* Returns whether the solicitation was for us; then it is an advertisement with our link-layer address. */
static bool answer_solicitation(struct tap_guest *guest, struct nd_neighbor_solicit *ns, size_t size)
{
    uint8_t *option = (uint8_t *)(ns + 1);
    if (size < sizeof(*ns) + 8 || memcmp(&ns->nd_ns_target, guest->net->ipv6, 16) != 0)
        return false;
    ns->nd_ns_type = ND_NEIGHBOR_ADVERT;
    ns->nd_ns_reserved = ND_NA_FLAG_SOLICITED | ND_NA_FLAG_OVERRIDE;
    option[0] = ND_OPT_TARGET_LINKADDR;
    memcpy(option + 2, guest->net->mac, ETH_ALEN);
    return true;
}

static void serve_ipv6(struct tap_guest *guest, uint8_t *frame, size_t size)
{
    struct ip6_hdr *ip = (struct ip6_hdr *)(frame + ETH_HLEN);
    size_t data_size = ntohs(ip->ip6_plen);
    uint8_t *data = (uint8_t *)(ip + 1);
    if (size < ETH_HLEN + sizeof(*ip) + data_size || ip->ip6_nxt == IPPROTO_HOPOPTS)
        return;
    if (inet_sum_with_pseudo(&ip->ip6_src, 32, ip->ip6_nxt, data, data_size) != 0) {
        guest->n_wrong_sums++;
        return;
    }

    uint16_t *sum = NULL;
    if (ip->ip6_nxt == IPPROTO_ICMPV6) {
        struct icmp6_hdr *icmp = (struct icmp6_hdr *)data;
        sum = &icmp->icmp6_cksum;
        if (icmp->icmp6_type == ICMP6_ECHO_REQUEST)
            icmp->icmp6_type = ICMP6_ECHO_REPLY;
        else if (icmp->icmp6_type != ND_NEIGHBOR_SOLICIT ||
                 !answer_solicitation(guest, (struct nd_neighbor_solicit *)data, data_size))
            return;
    } else {
        data_size = answer_transport(guest, sizeof(*ip), ip->ip6_nxt, data, data_size, &sum);
    }
    if (sum == NULL || data_size == 0)
        return;
    ip->ip6_dst = ip->ip6_src;
    memcpy(&ip->ip6_src, guest->net->ipv6, 16);
    ip->ip6_plen = htons((uint16_t)data_size);
    *sum = 0;
    *sum = inet_sum_with_pseudo(&ip->ip6_src, 32, ip->ip6_nxt, data, data_size);
    send_back(guest, frame, ETH_HLEN + sizeof(*ip) + data_size);
}

static void serve_frame(struct tap_guest *guest, uint8_t *frame, size_t size)
{
    guest->n_frames++;
    if (size > guest->longest)
        guest->longest = size;
    if (size > guest->net->mtu + (size_t)ETH_HLEN)
        guest->n_too_long++;

    uint16_t protocol = ntohs(((struct ethhdr *)frame)->h_proto);
    if (protocol == ETH_P_ARP)
        serve_arp(guest, frame, size);
    else if (protocol == ETH_P_IP)
        serve_ipv4(guest, frame, size);
    else if (protocol == ETH_P_IPV6)
        serve_ipv6(guest, frame, size);
}

void tap_guest_serve(struct tap_guest *guest, int stop_fd)
{
    uint8_t frame[FRAME_MAX] __attribute__((aligned(16)));
    uint8_t *start = frame + 2; /* puts the IP header on a multiple of 4 */
    struct pollfd fds[2] = {{.fd = guest->fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};

    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents == 0)
            return;
        ssize_t n = read(guest->fd, start, FRAME_MAX - 2);
        if (n < ETH_HLEN)
            return;
        serve_frame(guest, start, (size_t)n);
    }
}
