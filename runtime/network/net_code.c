/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation inside a namespace is without memory: the address that stands for a party says all that an
 * answer needs, so there is nothing to expire and nothing to clean up.
 */
#include "net_code.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>
#include <string.h>

/* Offsets in a frame. */
enum {
    IPV4_FRAGMENT = ETH_HLEN + 6,
    IPV4_PROTOCOL = ETH_HLEN + 9,
    IPV4_SUM = ETH_HLEN + 10,
    IPV4_ADDRESSES = ETH_HLEN + 12,
    IPV6_NEXT = ETH_HLEN + 6,
    IPV6_ADDRESSES = ETH_HLEN + 8,
    IPV6_PAYLOAD = ETH_HLEN + 40,
    /* behind the transport header's begin */
    TCP_SUM = 16,
    UDP_SUM = 6
};

#define FRAGMENT_LATER 0x1fff
#define LO_INDEX       1 /* in every namespace */

/* The addresses that stand for parties; the last byte is the party. */
static const uint8_t party_ipv4[4] = NET_STEER_PARTY_IPV4;
static const uint8_t inside_ipv4[4] = {127, 119, 104, 0};
static const uint8_t party_ipv6[16] = NET_STEER_PARTY_IPV6;
static const uint8_t loopback_ipv4[4] = {127, 0, 0, 1};
static const uint8_t loopback_ipv6[16] = {[15] = 1};
/* Nobody's, and given by nobody: what a guest sees as the sender. */
static const uint8_t party_mac[6] = NET_STEER_PARTY_MAC;

static int address_size(enum net_family family)
{
    return family == NET_IPV4 ? 4 : 16;
}

int net_code_source(int tuple)
{
    return tuple;
}

int net_code_destination(enum net_family family, int tuple)
{
    return tuple + address_size(family);
}

int net_code_ports(enum net_family family, int tuple)
{
    return tuple + 2 * address_size(family);
}

int net_code_tuple_size(enum net_family family)
{
    return 2 * address_size(family) + 4;
}

/* A word as it is loaded from these bytes. */
static int32_t word_of(const uint8_t *bytes)
{
    int32_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* reg becomes the address of a place. */
static void put_place(struct bpf_writer *w, uint8_t reg, int at)
{
    bpf_put(w, BPF_COPY(reg, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, reg, at));
}

static void copy_from_r2(struct bpf_writer *w, int to, int size)
{
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    put_place(w, BPF_REG_3, to);
    bpf_put(w, BPF_SET(BPF_REG_4, size));
    bpf_put(w, BPF_HELPER(BPF_FUNC_skb_load_bytes));
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_0, 0), NET_LABEL_OTHER);
}

void net_code_copy(struct bpf_writer *w, int offset, int to, int size)
{
    bpf_put(w, BPF_SET(BPF_REG_2, offset));
    copy_from_r2(w, to, size);
}

void net_code_copy_from_r7(struct bpf_writer *w, int offset, int to, int size)
{
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_7));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, offset));
    copy_from_r2(w, to, size);
}

void net_code_fetch(struct bpf_writer *w, int offset, uint8_t size, uint8_t reg)
{
    net_code_copy(w, offset, NET_AT_SCRATCH, size == BPF_B ? 1 : 2);
    bpf_put(w, BPF_LOAD(size, reg, BPF_REG_10, NET_AT_SCRATCH));
}

void net_code_fetch_from_r7(struct bpf_writer *w, int offset, uint8_t size, uint8_t reg)
{
    net_code_copy_from_r7(w, offset, NET_AT_SCRATCH, size == BPF_B ? 1 : 2);
    bpf_put(w, BPF_LOAD(size, reg, BPF_REG_10, NET_AT_SCRATCH));
}

void net_code_overwrite(struct bpf_writer *w, int offset, int from, int size)
{
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    bpf_put(w, BPF_SET(BPF_REG_2, offset));
    put_place(w, BPF_REG_3, from);
    bpf_put(w, BPF_SET(BPF_REG_4, size));
    bpf_put(w, BPF_SET(BPF_REG_5, 0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_skb_store_bytes));
}

/* What follows the addresses: TCP or UDP, whose ports complete the tuple, or something else. */
static void put_protocol(struct bpf_writer *w, enum net_family family)
{
    bool is_ipv4 = family == NET_IPV4;
    unsigned int with_ports = bpf_new_label(w);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_9, is_ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6),
             is_ipv4 ? NET_LABEL_ICMP : NET_LABEL_ICMPV6);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_9, IPPROTO_TCP), with_ports);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_9, IPPROTO_UDP), NET_LABEL_OTHER);
    bpf_label(w, with_ports);
    /* Anew, so that the verifier forgets which of the two it is (net_code.h). */
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_9, BPF_REG_10, NET_AT_SCRATCH));
    net_code_copy_from_r7(w, 0, net_code_ports(family, NET_AT_TUPLE), 4);
    bpf_put(w, BPF_STORE(BPF_DW, BPF_REG_10, NET_AT_OFFSET, BPF_REG_7));
    bpf_put(w, BPF_STORE(BPF_B, BPF_REG_10, NET_AT_PROTOCOL, BPF_REG_9));
    bpf_jump(w, BPF_ALWAYS, NET_LABEL_TRANSPORT + family);
}

static void parse_ipv4(struct bpf_writer *w)
{
    net_code_fetch(w, ETH_HLEN, BPF_B, BPF_REG_7); /* the header's length in words */
    bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_7, 0x0f));
    bpf_put(w, BPF_ALU_NUM(BPF_LSH, BPF_REG_7, 2));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_7, ETH_HLEN));
    net_code_fetch(w, IPV4_FRAGMENT, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_1, htons(FRAGMENT_LATER)), NET_LABEL_OTHER);
    net_code_copy(w, IPV4_ADDRESSES, NET_AT_TUPLE, 8);
    net_code_fetch(w, IPV4_PROTOCOL, BPF_B, BPF_REG_9);
    put_protocol(w, NET_IPV4);
}

static void parse_ipv6(struct bpf_writer *w)
{
    bpf_put(w, BPF_SET(BPF_REG_7, IPV6_PAYLOAD));
    net_code_copy(w, IPV6_ADDRESSES, NET_AT_TUPLE, 32);
    net_code_fetch(w, IPV6_NEXT, BPF_B, BPF_REG_9);
    put_protocol(w, NET_IPV6);
}

void net_code_parse(struct bpf_writer *w)
{
    unsigned int ipv6 = bpf_new_label(w);
    bpf_put(w, BPF_COPY(BPF_REG_6, BPF_REG_1));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, protocol)));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ETH_P_IPV6)), ipv6);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ETH_P_ARP)), NET_LABEL_ARP);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, htons(ETH_P_IP)), NET_LABEL_OTHER);
    parse_ipv4(w);
    bpf_label(w, ipv6);
    parse_ipv6(w);
}

void net_code_lookup(struct bpf_writer *w, int map_fd, int at)
{
    bpf_put_map(w, BPF_REG_1, map_fd);
    put_place(w, BPF_REG_2, at);
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_lookup_elem));
}

void net_code_find_guests(struct bpf_writer *w, const struct net_maps *maps, unsigned int none)
{
    bpf_put(w, BPF_STORE_NUM(BPF_W, BPF_REG_10, NET_AT_SCRATCH, 0));
    net_code_lookup(w, maps->guests_fd, NET_AT_SCRATCH);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), none);
    bpf_put(w, BPF_COPY(BPF_REG_8, BPF_REG_0));
}

void net_code_set_key(struct bpf_writer *w, int port_at)
{
    bpf_put(w, BPF_LOAD(BPF_H, BPF_REG_1, BPF_REG_10, port_at));
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_9));
    bpf_put(w, BPF_ALU_NUM(BPF_LSH, BPF_REG_2, 16));
    bpf_put(w, BPF_ALU_REG(BPF_OR, BPF_REG_2, BPF_REG_1));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_KEY, BPF_REG_2));
}

void net_code_need_socket(struct bpf_writer *w, enum net_family family, int at, unsigned int none)
{
    unsigned int udp = bpf_new_label(w), looked_up = bpf_new_label(w);
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    put_place(w, BPF_REG_2, at);
    bpf_put(w, BPF_SET(BPF_REG_3, net_code_tuple_size(family)));
    bpf_put(w, BPF_SET(BPF_REG_4, BPF_F_CURRENT_NETNS));
    bpf_put(w, BPF_SET(BPF_REG_5, 0));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_9, IPPROTO_UDP), udp);
    bpf_put(w, BPF_HELPER(BPF_FUNC_skc_lookup_tcp));
    bpf_jump(w, BPF_ALWAYS, looked_up);
    bpf_label(w, udp);
    bpf_put(w, BPF_HELPER(BPF_FUNC_sk_lookup_udp));
    bpf_label(w, looked_up);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), none);
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_sk_release));
}

void net_code_need_address(struct bpf_writer *w, enum net_family family, unsigned int none)
{
    if (family == NET_IPV4) {
        bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, ipv4)));
    } else {
        bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, ipv6)));
        bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_2, BPF_REG_8, offsetof(struct net_guests, ipv6) + 8));
        bpf_put(w, BPF_ALU_REG(BPF_OR, BPF_REG_1, BPF_REG_2));
    }
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, 0), none);
}

/* NULL: it is not the same for every interface. */
static const uint8_t *bytes_of(enum net_family family, enum net_address address)
{
    bool is_ipv4 = family == NET_IPV4;
    switch (address) {
    case NET_LOOPBACK:
        return is_ipv4 ? loopback_ipv4 : loopback_ipv6;
    case NET_PARTY:
        return is_ipv4 ? party_ipv4 : party_ipv6;
    case NET_PARTY_INSIDE:
        return is_ipv4 ? inside_ipv4 : party_ipv6;
    case NET_OWN:
        break;
    }
    return NULL;
}

static size_t offset_of_own(enum net_family family)
{
    return family == NET_IPV4 ? offsetof(struct net_guests, ipv4) : offsetof(struct net_guests, ipv6);
}

static bool has_party(enum net_address address)
{
    return address == NET_PARTY || address == NET_PARTY_INSIDE;
}

void net_code_need_equal(struct bpf_writer *w, enum net_family family, int at, enum net_address address,
                         unsigned int differs)
{
    static const uint8_t all_but_party[4] = {0xff, 0xff, 0xff, 0};
    const uint8_t *bytes = bytes_of(family, address);
    int size = address_size(family);
    for (int i = 0; i < size; i += 4) {
        bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_10, at + i));
        if (i == size - 4 && has_party(address))
            bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_1, word_of(all_but_party)));
        if (bytes != NULL) {
            bpf_put(w, BPF_INSN(.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2,
                                .imm = word_of(bytes + i)));
        } else {
            bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_8, offset_of_own(family) + (size_t)i));
        }
        bpf_jump(w, BPF_IF_REG(BPF_JNE, BPF_REG_1, BPF_REG_2), differs);
    }
}

void net_code_put_address(struct bpf_writer *w, enum net_family family, int at, enum net_address address)
{
    const uint8_t *bytes = bytes_of(family, address);
    int size = address_size(family);
    for (int i = 0; i < size; i += 4) {
        if (bytes != NULL) {
            bpf_put(w, BPF_STORE_NUM(BPF_W, BPF_REG_10, at + i, word_of(bytes + i)));
        } else {
            bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offset_of_own(family) + (size_t)i));
            bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, at + i, BPF_REG_1));
        }
    }
    if (has_party(address)) {
        bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
        bpf_put(w, BPF_STORE(BPF_B, BPF_REG_10, at + size - 1, BPF_REG_1));
    }
}

void net_code_take_party(struct bpf_writer *w, enum net_family family, int at)
{
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, at + address_size(family) - 1));
    bpf_put(w, BPF_STORE(BPF_B, BPF_REG_10, NET_AT_PARTY, BPF_REG_1));
}

/* The transport's sum covers the addresses too. A sum of 0 in UDP is none, and stays so. */
static void put_transport_sum(struct bpf_writer *w)
{
    unsigned int udp = bpf_new_label(w), ready = bpf_new_label(w);
    bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_2, BPF_REG_10, NET_AT_OFFSET));
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PROTOCOL));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, IPPROTO_UDP), udp);
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, TCP_SUM));
    bpf_put(w, BPF_SET(BPF_REG_5, BPF_F_PSEUDO_HDR));
    bpf_jump(w, BPF_ALWAYS, ready);
    bpf_label(w, udp);
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, UDP_SUM));
    bpf_put(w, BPF_SET(BPF_REG_5, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0));
    bpf_label(w, ready);
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    bpf_put(w, BPF_SET(BPF_REG_3, 0));
    bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_4, BPF_REG_10, NET_AT_DIFFERENCE));
    bpf_put(w, BPF_HELPER(BPF_FUNC_l4_csum_replace));
}

void net_code_translate(struct bpf_writer *w, enum net_family family)
{
    int size = 2 * address_size(family);
    put_place(w, BPF_REG_1, NET_AT_TUPLE);
    bpf_put(w, BPF_SET(BPF_REG_2, size));
    put_place(w, BPF_REG_3, NET_AT_NEW);
    bpf_put(w, BPF_SET(BPF_REG_4, size));
    bpf_put(w, BPF_SET(BPF_REG_5, 0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_csum_diff));
    bpf_put(w, BPF_STORE(BPF_DW, BPF_REG_10, NET_AT_DIFFERENCE, BPF_REG_0));
    if (family == NET_IPV4) {
        bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
        bpf_put(w, BPF_SET(BPF_REG_2, IPV4_SUM));
        bpf_put(w, BPF_SET(BPF_REG_3, 0));
        bpf_put(w, BPF_COPY(BPF_REG_4, BPF_REG_0));
        bpf_put(w, BPF_SET(BPF_REG_5, 0));
        bpf_put(w, BPF_HELPER(BPF_FUNC_l3_csum_replace));
    }
    put_transport_sum(w);
    net_code_overwrite(w, family == NET_IPV4 ? IPV4_ADDRESSES : IPV6_ADDRESSES, NET_AT_NEW, size);
}

static void put_party_mac(struct bpf_writer *w, int at)
{
    for (int i = 0; i < 6; i += 2) {
        int16_t half;
        memcpy(&half, party_mac + i, sizeof(half));
        bpf_put(w, BPF_STORE_NUM(BPF_H, BPF_REG_10, at + i, half));
    }
}

/* To the MAC at the begin of NET_AT_BYTES. */
static void put_macs(struct bpf_writer *w)
{
    put_party_mac(w, NET_AT_BYTES + ETH_ALEN);
    net_code_overwrite(w, 0, NET_AT_BYTES, 2 * ETH_ALEN);
}

void net_code_put_macs(struct bpf_writer *w, int at)
{
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_10, at));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, NET_AT_BYTES, BPF_REG_1));
    bpf_put(w, BPF_LOAD(BPF_H, BPF_REG_1, BPF_REG_10, at + 4));
    bpf_put(w, BPF_STORE(BPF_H, BPF_REG_10, NET_AT_BYTES + 4, BPF_REG_1));
    put_macs(w);
}

void net_code_put_guest_macs(struct bpf_writer *w)
{
    bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, mac)));
    bpf_put(w, BPF_STORE(BPF_DW, BPF_REG_10, NET_AT_BYTES, BPF_REG_1));
    put_macs(w);
}

void net_code_redirect(struct bpf_writer *w)
{
    bpf_put(w, BPF_SET(BPF_REG_2, 0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_redirect));
    bpf_put(w, BPF_RETURN);
}

void net_code_send_to_target(struct bpf_writer *w)
{
    bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_1, BPF_REG_10, NET_AT_TARGET));
    net_code_redirect(w);
}

/* lo has a MAC of zeros, and takes what is for it only. */
void net_code_send_to_stack(struct bpf_writer *w)
{
    bpf_put(w, BPF_STORE_NUM(BPF_DW, BPF_REG_10, NET_AT_BYTES, 0));
    put_macs(w);
    bpf_put(w, BPF_SET(BPF_REG_1, LO_INDEX));
    bpf_put(w, BPF_SET(BPF_REG_2, BPF_F_INGRESS));
    bpf_put(w, BPF_HELPER(BPF_FUNC_redirect));
    bpf_put(w, BPF_RETURN);
}

void net_code_flood(struct bpf_writer *w, int but_slot, int verdict)
{
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        unsigned int next = bpf_new_label(w);
        if (i == but_slot)
            continue;
        bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_8, offsetof(struct net_guests, taps) + 4 * (size_t)i));
        bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_2, 0), next);
        bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
        bpf_put(w, BPF_SET(BPF_REG_3, 0));
        bpf_put(w, BPF_HELPER(BPF_FUNC_clone_redirect));
        bpf_label(w, next);
    }
    bpf_put(w, BPF_SET(BPF_REG_0, verdict));
    bpf_put(w, BPF_RETURN);
}

/* The target becomes the tap of the party's slot. Masking is for the verifier: the range has been checked. */
static void put_target_of_party(struct bpf_writer *w, unsigned int nobody)
{
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
    bpf_jump(w, BPF_IF_NUM(BPF_JLT, BPF_REG_1, NET_PARTY_GUEST), nobody);
    bpf_jump(w, BPF_IF_NUM(BPF_JGE, BPF_REG_1, NET_PARTY_END), nobody);
    bpf_put(w, BPF_ALU_NUM(BPF_SUB, BPF_REG_1, NET_PARTY_GUEST));
    bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_1, 4 * (NET_STEER_GUESTS_MAX - 1))); /* 4 * slot */
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_8));
    bpf_put(w, BPF_ALU_REG(BPF_ADD, BPF_REG_2, BPF_REG_1));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_2, offsetof(struct net_guests, taps)));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, 0), nobody);
    bpf_put(w, BPF_STORE(BPF_DW, BPF_REG_10, NET_AT_TARGET, BPF_REG_1));
}

void net_code_answer_guest(struct bpf_writer *w, enum net_family family, unsigned int nobody)
{
    int source = net_code_source(NET_AT_NEW);
    unsigned int to_loopback = bpf_new_label(w), to_any = bpf_new_label(w), ready = bpf_new_label(w);
    put_target_of_party(w, nobody);
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
    bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_1, 3));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, NET_TO_LOOPBACK), to_loopback);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, NET_TO_ANY), to_any);
    net_code_put_address(w, family, source, NET_OWN);
    bpf_jump(w, BPF_ALWAYS, ready);
    bpf_label(w, to_loopback);
    net_code_put_address(w, family, source, NET_LOOPBACK);
    bpf_jump(w, BPF_ALWAYS, ready);
    bpf_label(w, to_any);
    bpf_put(w, BPF_STORE_NUM(BPF_B, BPF_REG_10, NET_AT_PARTY, NET_PARTY_ANY));
    net_code_put_address(w, family, source, NET_PARTY);
    bpf_label(w, ready);
    net_code_put_address(w, family, net_code_destination(family, NET_AT_NEW), NET_OWN);
    net_code_translate(w, family);
    net_code_put_guest_macs(w);
    net_code_send_to_target(w);
}

void net_code_return(struct bpf_writer *w, unsigned int label, int verdict)
{
    bpf_label(w, label);
    bpf_put(w, BPF_SET(BPF_REG_0, verdict));
    bpf_put(w, BPF_RETURN);
}
