/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest sends to the link, to another party of its namespace, or answers one. Whatever it sends to the
 * link, or answers, says which ports it has.
 *
 * A refusal (RST) from a port that nobody has used is one of several: all guests were asked. It is sent when
 * the last of them has refused.
 */
#include "net_program.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>

enum {
    LABEL_LINK = NET_LABEL_OWN, /* out by the interface */
    LABEL_DROP
};

enum {
    ARP_OPERATION = ETH_HLEN + 6,
    ARP_SENDER = ETH_HLEN + 8, /* MAC and address */
    ARP_TARGET = ETH_HLEN + 18,
    ARP_TARGET_ADDRESS = ETH_HLEN + 24,
    ARP_ADDRESSES = 10, /* bytes of a MAC and an address */
    TCP_FLAGS = 13      /* behind the transport header's begin */
};

#define ARP_REQUEST 1
#define ARP_ANSWER  2
#define TCP_SYN     0x02
#define TCP_RST     0x04

/* The key of what this guest refuses, at NET_AT_BYTES. */
static void put_refusal_key(struct bpf_writer *w, enum net_family family)
{
    int from = net_code_destination(family, NET_AT_TUPLE);
    for (int i = 0; i < 16; i += 4) {
        if (i < 4 || family == NET_IPV6)
            bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_10, from + i));
        else
            bpf_put(w, BPF_SET(BPF_REG_1, 0));
        bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_BYTES + i, BPF_REG_1));
    }
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_10, net_code_ports(family, NET_AT_TUPLE)));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_BYTES + 16, BPF_REG_1));
}

/* r7 becomes the bits of those from whom no further refusal is to be expected: this guest, and a guest that
 * has asked. */
static void put_refusal_bits(struct bpf_writer *w, int slot)
{
    unsigned int ready = bpf_new_label(w);
    bpf_put(w, BPF_SET(BPF_REG_7, 1 << slot));
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
    bpf_jump(w, BPF_IF_NUM(BPF_JLT, BPF_REG_1, NET_PARTY_GUEST), ready);
    bpf_jump(w, BPF_IF_NUM(BPF_JGE, BPF_REG_1, NET_PARTY_END), ready);
    bpf_put(w, BPF_ALU_NUM(BPF_SUB, BPF_REG_1, NET_PARTY_GUEST));
    bpf_put(w, BPF_ALU_NUM(BPF_RSH, BPF_REG_1, 2));
    bpf_put(w, BPF_SET(BPF_REG_2, 1));
    bpf_put(w, BPF_ALU_REG(BPF_LSH, BPF_REG_2, BPF_REG_1));
    bpf_put(w, BPF_ALU_REG(BPF_OR, BPF_REG_7, BPF_REG_2));
    bpf_label(w, ready);
}

/* To LABEL_DROP unless all have refused. */
static void put_refusal(struct bpf_writer *w, const struct net_outward *outward, enum net_family family,
                        unsigned int all)
{
    unsigned int first = bpf_new_label(w), known = bpf_new_label(w);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JLE, BPF_REG_1, 1), all);
    put_refusal_key(w, family);
    put_refusal_bits(w, outward->slot);
    net_code_lookup(w, outward->maps->refusals_fd, NET_AT_BYTES);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), first);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    bpf_put(w, BPF_ALU_REG(BPF_OR, BPF_REG_7, BPF_REG_1));
    bpf_label(w, first);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, slots)));
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_1));
    bpf_put(w, BPF_ALU_REG(BPF_AND, BPF_REG_2, BPF_REG_7));
    bpf_jump(w, BPF_IF_REG(BPF_JEQ, BPF_REG_1, BPF_REG_2), known);

    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_SCRATCH, BPF_REG_7));
    bpf_put_map(w, BPF_REG_1, outward->maps->refusals_fd);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, NET_AT_BYTES));
    bpf_put(w, BPF_COPY(BPF_REG_3, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_3, NET_AT_SCRATCH));
    bpf_put(w, BPF_SET(BPF_REG_4, BPF_ANY));
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_update_elem));
    bpf_jump(w, BPF_ALWAYS, LABEL_DROP);

    bpf_label(w, known);
    bpf_put_map(w, BPF_REG_1, outward->maps->refusals_fd);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, NET_AT_BYTES));
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_delete_elem));
    bpf_jump(w, BPF_ALWAYS, all);
}

/* Who sends a SYN, or a datagram, has the port: from then on, unless somebody else has it. */
static void put_claim(struct bpf_writer *w, const struct net_outward *outward, enum net_family family,
                      unsigned int claimed)
{
    unsigned int datagram = bpf_new_label(w), claim = bpf_new_label(w), free = bpf_new_label(w);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_9, IPPROTO_TCP), datagram);
    net_code_fetch_from_r7(w, TCP_FLAGS, BPF_B, BPF_REG_7);
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_7, TCP_SYN | TCP_RST), claim);
    bpf_jump(w, BPF_ALWAYS, claimed);
    bpf_label(w, datagram);
    bpf_put(w, BPF_SET(BPF_REG_7, TCP_SYN)); /* a datagram claims its port as a SYN does */

    bpf_label(w, claim);
    bpf_put(w, BPF_STORE(BPF_B, BPF_REG_10, NET_AT_FLAGS, BPF_REG_7));
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_7, BPF_REG_10, NET_AT_FLAGS));
    net_code_lookup(w, outward->maps->owners_fd, NET_AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), free);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_6, offsetof(struct __sk_buff, ifindex)));
    bpf_jump(w, BPF_IF_REG(BPF_JEQ, BPF_REG_1, BPF_REG_2), claimed);
    bpf_jump(w, BPF_ALWAYS, LABEL_DROP);

    bpf_label(w, free);
    unsigned int no_refusal = bpf_new_label(w);
    bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_7, TCP_RST));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_7, 0), no_refusal);
    put_refusal(w, outward, family, claimed);
    bpf_label(w, no_refusal);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex)));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_SCRATCH, BPF_REG_1));
    bpf_put_map(w, BPF_REG_1, outward->maps->owners_fd);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, NET_AT_KEY));
    bpf_put(w, BPF_COPY(BPF_REG_3, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_3, NET_AT_SCRATCH));
    bpf_put(w, BPF_SET(BPF_REG_4, BPF_NOEXIST));
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_update_elem));
    bpf_jump(w, BPF_ALWAYS, claimed);
}

/* The party becomes the guest of the slot, by that form of address. */
static void put_party(struct bpf_writer *w, int slot, int form, unsigned int then)
{
    bpf_put(w, BPF_STORE_NUM(BPF_B, BPF_REG_10, NET_AT_PARTY, NET_PARTY_GUEST + 4 * slot + form));
    bpf_jump(w, BPF_ALWAYS, then);
}

/* To the stack, if it has a socket at that address. */
static void put_to_stack(struct bpf_writer *w, enum net_family family, enum net_address address,
                         unsigned int none)
{
    net_code_put_address(w, family, net_code_source(NET_AT_NEW), NET_PARTY_INSIDE);
    net_code_put_address(w, family, net_code_destination(family, NET_AT_NEW), address);
    net_code_need_socket(w, family, NET_AT_NEW, none);
    net_code_translate(w, family);
    net_code_send_to_stack(w);
}

/* From this guest to whoever has the port. The party is set. */
static void put_begin(struct bpf_writer *w, const struct net_outward *outward, enum net_family family)
{
    unsigned int loopback = bpf_new_label(w), no_socket = bpf_new_label(w), no_owner = bpf_new_label(w);
    unsigned int many = bpf_new_label(w);
    int ports = net_code_ports(family, NET_AT_NEW);
    int loopback_party = NET_PARTY_GUEST + 4 * outward->slot + NET_TO_LOOPBACK;

    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_10, net_code_ports(family, NET_AT_TUPLE)));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, ports, BPF_REG_1));
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_7, BPF_REG_10, NET_AT_PARTY));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_7, loopback_party), loopback);
    put_to_stack(w, family, NET_OWN, loopback);
    bpf_label(w, loopback);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_7, loopback_party - NET_TO_LOOPBACK + NET_TO_ADDRESS), no_socket);
    put_to_stack(w, family, NET_LOOPBACK, no_socket);

    bpf_label(w, no_socket);
    net_code_put_address(w, family, net_code_source(NET_AT_NEW), NET_PARTY);
    net_code_put_address(w, family, net_code_destination(family, NET_AT_NEW), NET_OWN);
    net_code_translate(w, family);
    net_code_put_guest_macs(w);
    net_code_set_key(w, ports + 2);
    net_code_lookup(w, outward->maps->owners_fd, NET_AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), no_owner);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    net_code_redirect(w);

    bpf_label(w, no_owner);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JGT, BPF_REG_1, 1), many);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, first)));
    net_code_redirect(w);
    bpf_label(w, many);
    net_code_flood(w, outward->slot, TC_ACT_SHOT);
}

/* To the stack, as an answer to what it has sent by lo: each address in the form in which it has sent. */
static void put_answer_stack(struct bpf_writer *w, enum net_family family)
{
    const struct {
        int at;
        int32_t bit;
    } ends[] = {{net_code_destination(family, NET_AT_NEW), 1}, {net_code_source(NET_AT_NEW), 2}};

    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_7, BPF_REG_10, NET_AT_PARTY));
    bpf_put(w, BPF_ALU_NUM(BPF_SUB, BPF_REG_7, NET_PARTY_STACK));
    for (int i = 0; i < 2; i++) {
        unsigned int loopback = bpf_new_label(w), ready = bpf_new_label(w);
        bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_7, ends[i].bit), loopback);
        net_code_put_address(w, family, ends[i].at, NET_OWN);
        bpf_jump(w, BPF_ALWAYS, ready);
        bpf_label(w, loopback);
        net_code_put_address(w, family, ends[i].at, NET_LOOPBACK);
        bpf_label(w, ready);
    }
    net_code_translate(w, family);
    net_code_send_to_stack(w);
}

static void put_transport(struct bpf_writer *w, const struct net_outward *outward, enum net_family family)
{
    unsigned int not_party = bpf_new_label(w), not_own = bpf_new_label(w), begin = bpf_new_label(w);
    unsigned int claim = bpf_new_label(w), claimed = bpf_new_label(w), answer_guest = bpf_new_label(w);
    int destination = net_code_destination(family, NET_AT_TUPLE);

    bpf_label(w, NET_LABEL_TRANSPORT + family);
    net_code_set_key(w, net_code_ports(family, NET_AT_TUPLE)); /* the source's */
    net_code_find_guests(w, outward->maps, LABEL_LINK);
    bpf_put(w, BPF_STORE_NUM(BPF_B, BPF_REG_10, NET_AT_PARTY, NET_PARTY_LINK));
    net_code_need_address(w, family, claim);
    net_code_need_equal(w, family, destination, NET_PARTY, not_party);
    net_code_take_party(w, family, destination);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, NET_PARTY_ANY), claim);
    put_party(w, outward->slot, NET_TO_ANY, begin);
    bpf_label(w, not_party);
    net_code_need_equal(w, family, destination, NET_OWN, not_own);
    put_party(w, outward->slot, NET_TO_ADDRESS, begin);
    bpf_label(w, not_own);
    net_code_need_equal(w, family, destination, NET_LOOPBACK, claim);
    put_party(w, outward->slot, NET_TO_LOOPBACK, begin);

    bpf_label(w, begin);
    put_begin(w, outward, family);
    bpf_label(w, claim);
    put_claim(w, outward, family, claimed);
    bpf_label(w, claimed);
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, NET_PARTY_LINK), LABEL_LINK);
    bpf_jump(w, BPF_IF_NUM(BPF_JGE, BPF_REG_1, NET_PARTY_GUEST), answer_guest);
    put_answer_stack(w, family);
    bpf_label(w, answer_guest);
    net_code_answer_guest(w, family, LABEL_DROP);
}

/* An error about a port that is not open: nobody's business inside, and one of several if there are several
 * guests. */
static void put_icmp(struct bpf_writer *w, const struct net_outward *outward, enum net_family family,
                     int unreachable)
{
    unsigned int to_link = bpf_new_label(w);
    bpf_label(w, family == NET_IPV4 ? NET_LABEL_ICMP : NET_LABEL_ICMPV6);
    net_code_need_equal(w, family, net_code_destination(family, NET_AT_TUPLE), NET_PARTY, to_link);
    bpf_jump(w, BPF_ALWAYS, LABEL_DROP);
    bpf_label(w, to_link);
    net_code_fetch_from_r7(w, 0, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, htons((uint16_t)unreachable)), LABEL_LINK);
    net_code_find_guests(w, outward->maps, LABEL_LINK);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JGT, BPF_REG_1, 1), LABEL_DROP);
    bpf_jump(w, BPF_ALWAYS, LABEL_LINK);
}

/* Some stacks look for the parties' addresses, which are link-local ones, on the link. */
static void put_arp(struct bpf_writer *w)
{
    bpf_label(w, NET_LABEL_ARP);
    net_code_fetch(w, ARP_OPERATION, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, htons(ARP_REQUEST)), LABEL_LINK);
    net_code_copy(w, ARP_TARGET_ADDRESS, net_code_destination(NET_IPV4, NET_AT_TUPLE), 4);
    net_code_need_equal(w, NET_IPV4, net_code_destination(NET_IPV4, NET_AT_TUPLE), NET_PARTY, LABEL_LINK);

    net_code_copy(w, ARP_SENDER, NET_AT_NEW, ARP_ADDRESSES);
    net_code_put_macs(w, NET_AT_NEW);
    net_code_overwrite(w, ARP_TARGET, NET_AT_NEW, ARP_ADDRESSES);
    net_code_overwrite(w, ARP_SENDER, NET_AT_BYTES + ETH_ALEN, ETH_ALEN);
    net_code_overwrite(w, ARP_SENDER + ETH_ALEN, net_code_destination(NET_IPV4, NET_AT_TUPLE), 4);
    bpf_put(w, BPF_STORE_NUM(BPF_H, BPF_REG_10, NET_AT_SCRATCH, htons(ARP_ANSWER)));
    net_code_overwrite(w, ARP_OPERATION, NET_AT_SCRATCH, 2);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex)));
    net_code_redirect(w);
}

void net_program_outward(struct bpf_writer *w, const struct net_outward *outward)
{
    net_code_parse(w);
    put_transport(w, outward, NET_IPV4);
    put_icmp(w, outward, NET_IPV4, ICMP_DEST_UNREACH << 8 | ICMP_PORT_UNREACH);
    if (outward->has_ipv6) {
        put_transport(w, outward, NET_IPV6);
        put_icmp(w, outward, NET_IPV6, ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_NOPORT);
    }
    put_arp(w);

    if (!outward->has_ipv6) {
        bpf_label(w, NET_LABEL_TRANSPORT_6);
        bpf_label(w, NET_LABEL_ICMPV6);
    }
    bpf_label(w, LABEL_LINK);
    bpf_label(w, NET_LABEL_OTHER);
    bpf_put(w, BPF_SET(BPF_REG_1, outward->interface));
    net_code_redirect(w);
    net_code_return(w, LABEL_DROP, TC_ACT_SHOT);
}
