/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two BPF programs at the ingress hooks: one at the interface, for frames to the guests, and one at each tap,
 * for frames from them. They share two maps: who the guests are, and which guest has a port. Nothing but the
 * interface's filter keeps the maps alive, and through it they are found again.
 *
 * Register use in both programs: r6 the context, r7 the offset of the transport header (later: whatever is at
 * hand), r8 the size of the address tuple (later: the port's owner), r9 the protocol (later: the verdict).
 */
#include "net_steer.h"

#include "base/bpf.h"
#include "base/cleanup.h"
#include "net_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define GUESTS_NAME "wherry_guests"
#define OWNERS_NAME "wherry_owners"
#define OWNERS_MAX  4096

/* The one value of the map of guests. */
struct guests {
    uint32_t n;
    uint32_t taps[NET_STEER_GUESTS_MAX];
};

/* A key of the map of owners: protocol << 16 | port as it is in the packet. The value is a tap's index. */
static const struct bpf_map_shape guests_shape = {GUESTS_NAME, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct guests),
                                                  1};
static const struct bpf_map_shape owners_shape = {OWNERS_NAME, BPF_MAP_TYPE_LRU_HASH, 4, 4, OWNERS_MAX};

struct maps {
    int guests_fd, owners_fd;
};

/* Places on the stack, as offsets from r10. */
enum { AT_KEY = -4, AT_SCRATCH = -8, AT_TUPLE = -48 };

/* Offsets in a frame. */
enum {
    ARP_OPERATION = ETH_HLEN + 6,
    IPV4_FRAGMENT = ETH_HLEN + 6,
    IPV4_PROTOCOL = ETH_HLEN + 9,
    IPV4_ADDRESSES = ETH_HLEN + 12,
    IPV6_NEXT = ETH_HLEN + 6,
    IPV6_ADDRESSES = ETH_HLEN + 8,
    IPV6_PAYLOAD = ETH_HLEN + 40,
    TCP_FLAGS = 13 /* behind the transport header's begin */
};

#define TCP_SYN        0x02
#define TCP_RST        0x04
#define TUPLE_IPV4     12
#define TUPLE_IPV6     36
#define ARP_REQUEST    1
#define FRAGMENT_LATER 0x1fff

enum label {
    LABEL_IPV6,
    LABEL_ARP,
    LABEL_ICMP,   /* r7: where the message begins */
    LABEL_ICMPV6, /* the same */
    LABEL_PORTS,  /* TCP or UDP */
    LABEL_OTHER,
    LABEL_UDP,
    LABEL_LOOKED_UP,
    LABEL_NO_SOCKET,
    LABEL_NO_OWNER,
    LABEL_FIRST,
    LABEL_FLOOD,
    LABEL_PASS,
    LABEL_DROP,
    LABEL_QUIET,
    LABEL_CLAIM,
    LABEL_NEXT_GUEST /* one for each guest */
};
_Static_assert(LABEL_NEXT_GUEST + NET_STEER_GUESTS_MAX <= BPF_WRITER_LABELS, "labels fit");

/* Copies size bytes of the frame, at offset in r2, to a place on the stack. Too short a frame is LABEL_OTHER.
 */
static void put_copy_from_r2(struct bpf_writer *w, int to, int size)
{
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    bpf_put(w, BPF_COPY(BPF_REG_3, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_3, to));
    bpf_put(w, BPF_SET(BPF_REG_4, size));
    bpf_put(w, BPF_HELPER(BPF_FUNC_skb_load_bytes));
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_0, 0), LABEL_OTHER);
}

static void put_copy(struct bpf_writer *w, int offset, int to, int size)
{
    bpf_put(w, BPF_SET(BPF_REG_2, offset));
    put_copy_from_r2(w, to, size);
}

/* Loads a byte or a half word of the frame, at r7 plus offset or at offset alone, into a register. */
static void put_fetch(struct bpf_writer *w, bool from_r7, int offset, uint8_t size, uint8_t reg)
{
    if (from_r7)
        bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_7));
    else
        bpf_put(w, BPF_SET(BPF_REG_2, 0));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, offset));
    put_copy_from_r2(w, AT_SCRATCH, size == BPF_B ? 1 : 2);
    bpf_put(w, BPF_LOAD(size, reg, BPF_REG_10, AT_SCRATCH));
}

static void put_branch_on_protocol(struct bpf_writer *w, int icmp, enum label icmp_label)
{
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_9, icmp), icmp_label);
    bpf_put(w,
            BPF_INSN(.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_9, .off = 1, .imm = IPPROTO_TCP));
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_9, IPPROTO_UDP), LABEL_OTHER);
}

/* IPv4 is taken apart here, others are branched to: ends with everything that LABEL_PORTS needs. */
static void put_parse_ipv4(struct bpf_writer *w)
{
    put_fetch(w, false, ETH_HLEN, BPF_B, BPF_REG_7); /* the header's length in words */
    bpf_put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_7, 0x0f));
    bpf_put(w, BPF_ALU_NUM(BPF_LSH, BPF_REG_7, 2));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_7, ETH_HLEN));
    put_fetch(w, false, IPV4_FRAGMENT, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_1, htons(FRAGMENT_LATER)), LABEL_OTHER);
    put_fetch(w, false, IPV4_PROTOCOL, BPF_B, BPF_REG_9);
    put_branch_on_protocol(w, IPPROTO_ICMP, LABEL_ICMP);
    put_copy(w, IPV4_ADDRESSES, AT_TUPLE, 8);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_7));
    put_copy_from_r2(w, AT_TUPLE + 8, 4);
    bpf_put(w, BPF_SET(BPF_REG_8, TUPLE_IPV4));
    bpf_jump(w, BPF_ALWAYS, LABEL_PORTS);
}

/* Extension headers are not followed: such packets are nobody's. */
static void put_parse_ipv6(struct bpf_writer *w)
{
    bpf_label(w, LABEL_IPV6);
    bpf_put(w, BPF_SET(BPF_REG_7, IPV6_PAYLOAD));
    put_fetch(w, false, IPV6_NEXT, BPF_B, BPF_REG_9);
    put_branch_on_protocol(w, IPPROTO_ICMPV6, LABEL_ICMPV6);
    put_copy(w, IPV6_ADDRESSES, AT_TUPLE, 32);
    put_copy(w, IPV6_PAYLOAD, AT_TUPLE + 32, 4);
    bpf_put(w, BPF_SET(BPF_REG_8, TUPLE_IPV6));
    bpf_jump(w, BPF_ALWAYS, LABEL_PORTS);
}

/* The begin of both programs. key_port: the offset of the port that decides, from the transport header's
 * begin. */
static void put_parse(struct bpf_writer *w, int key_port)
{
    bpf_put(w, BPF_COPY(BPF_REG_6, BPF_REG_1));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, protocol)));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ETH_P_IPV6)), LABEL_IPV6);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ETH_P_ARP)), LABEL_ARP);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, htons(ETH_P_IP)), LABEL_OTHER);
    put_parse_ipv4(w);
    put_parse_ipv6(w);

    bpf_label(w, LABEL_PORTS);
    put_fetch(w, true, key_port, BPF_H, BPF_REG_1);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_9));
    bpf_put(w, BPF_ALU_NUM(BPF_LSH, BPF_REG_2, 16));
    bpf_put(w, BPF_ALU_REG(BPF_OR, BPF_REG_2, BPF_REG_1));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, AT_KEY, BPF_REG_2));
}

/* r0 becomes the address of the value for the key at that place, or 0. */
static void put_lookup(struct bpf_writer *w, int map_fd, int at)
{
    bpf_put_map(w, BPF_REG_1, map_fd);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, at));
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_lookup_elem));
}

/* r7 becomes the address of struct guests. */
static void put_find_guests(struct bpf_writer *w, const struct maps *maps)
{
    bpf_put(w, BPF_SET(BPF_REG_1, 0));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, AT_SCRATCH, BPF_REG_1));
    put_lookup(w, maps->guests_fd, AT_SCRATCH);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), LABEL_PASS);
    bpf_put(w, BPF_COPY(BPF_REG_7, BPF_REG_0));
}

/* Ends the program: the frame goes out by the interface whose index is in r1. */
static void put_redirect(struct bpf_writer *w)
{
    bpf_put(w, BPF_SET(BPF_REG_2, 0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_redirect));
    bpf_put(w, BPF_RETURN);
}

static void put_return(struct bpf_writer *w, enum label label, int verdict)
{
    bpf_label(w, label);
    bpf_put(w, BPF_SET(BPF_REG_0, verdict));
    bpf_put(w, BPF_RETURN);
}

/* If the namespace's own stack has a socket for the packet, it is that stack's. */
static void put_socket_lookup(struct bpf_writer *w)
{
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, AT_TUPLE));
    bpf_put(w, BPF_COPY(BPF_REG_3, BPF_REG_8));
    bpf_put(w, BPF_SET(BPF_REG_4, BPF_F_CURRENT_NETNS));
    bpf_put(w, BPF_SET(BPF_REG_5, 0));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_9, IPPROTO_UDP), LABEL_UDP);
    bpf_put(w, BPF_HELPER(BPF_FUNC_skc_lookup_tcp));
    bpf_jump(w, BPF_ALWAYS, LABEL_LOOKED_UP);
    bpf_label(w, LABEL_UDP);
    bpf_put(w, BPF_HELPER(BPF_FUNC_sk_lookup_udp));
    bpf_label(w, LABEL_LOOKED_UP);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), LABEL_NO_SOCKET);
    bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_0));
    bpf_put(w, BPF_HELPER(BPF_FUNC_sk_release));
    put_return(w, LABEL_PASS, TC_ACT_OK);
}

/* A copy for every guest; the verdict in r9 is about the original. */
static void put_flood(struct bpf_writer *w)
{
    bpf_label(w, LABEL_FLOOD);
    for (unsigned int i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_7, offsetof(struct guests, taps) + 4 * i));
        bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_2, 0), LABEL_NEXT_GUEST + i);
        bpf_put(w, BPF_COPY(BPF_REG_1, BPF_REG_6));
        bpf_put(w, BPF_SET(BPF_REG_3, 0));
        bpf_put(w, BPF_HELPER(BPF_FUNC_clone_redirect));
        bpf_label(w, LABEL_NEXT_GUEST + i);
    }
    bpf_put(w, BPF_COPY(BPF_REG_0, BPF_REG_9));
    bpf_put(w, BPF_RETURN);
}

static void write_inward(struct bpf_writer *w, const struct maps *maps)
{
    put_parse(w, 2); /* the destination's port */
    put_socket_lookup(w);
    bpf_label(w, LABEL_NO_SOCKET);
    put_lookup(w, maps->owners_fd, AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), LABEL_NO_OWNER);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    put_redirect(w);

    bpf_label(w, LABEL_NO_OWNER);
    put_find_guests(w, maps);
    bpf_put(w, BPF_SET(BPF_REG_9, TC_ACT_SHOT));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_7, offsetof(struct guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JGT, BPF_REG_1, 1), LABEL_FLOOD);
    bpf_label(w, LABEL_FIRST);
    put_find_guests(w, maps);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_7, offsetof(struct guests, taps)));
    put_redirect(w);

    bpf_label(w, LABEL_ARP);
    put_fetch(w, false, ARP_OPERATION, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ARP_REQUEST)), LABEL_FIRST);
    bpf_jump(w, BPF_ALWAYS, LABEL_OTHER);
    bpf_label(w, LABEL_ICMP);
    put_fetch(w, true, 0, BPF_B, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ICMP_ECHO), LABEL_FIRST);
    bpf_jump(w, BPF_ALWAYS, LABEL_OTHER);
    bpf_label(w, LABEL_ICMPV6);
    put_fetch(w, true, 0, BPF_B, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ICMP6_ECHO_REQUEST), LABEL_FIRST);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ND_NEIGHBOR_SOLICIT), LABEL_FIRST);

    bpf_label(w, LABEL_OTHER);
    put_find_guests(w, maps);
    bpf_put(w, BPF_SET(BPF_REG_9, TC_ACT_OK));
    put_flood(w);
}

/* LABEL_QUIET if the message says that a UDP port is not open. */
static void put_port_unreachable(struct bpf_writer *w, enum label label, int type, int code)
{
    bpf_label(w, label);
    put_fetch(w, true, 0, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons((uint16_t)(type << 8 | code))), LABEL_QUIET);
    bpf_jump(w, BPF_ALWAYS, LABEL_PASS);
}

/* Who sends a SYN, or a datagram, has the port: from now on, unless somebody else has it. r7: TCP's flags. */
static void put_claim(struct bpf_writer *w, const struct maps *maps)
{
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, ifindex)));
    bpf_put(w, BPF_STORE(BPF_W, BPF_REG_10, AT_SCRATCH, BPF_REG_1));
    bpf_jump(w, BPF_IF_REG(BPF_JEQ, BPF_REG_8, BPF_REG_1), LABEL_PASS);
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_8, 0), LABEL_DROP);
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_7, TCP_RST), LABEL_QUIET);
    bpf_put_map(w, BPF_REG_1, maps->owners_fd);
    bpf_put(w, BPF_COPY(BPF_REG_2, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, AT_KEY));
    bpf_put(w, BPF_COPY(BPF_REG_3, BPF_REG_10));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_3, AT_SCRATCH));
    bpf_put(w, BPF_SET(BPF_REG_4, BPF_NOEXIST));
    bpf_put(w, BPF_HELPER(BPF_FUNC_map_update_elem));
    bpf_jump(w, BPF_ALWAYS, LABEL_PASS);
}

static void write_outward(struct bpf_writer *w, const struct maps *maps, int32_t interface)
{
    put_parse(w, 0); /* the source's port */
    bpf_put(w,
            BPF_INSN(.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_9, .off = 2, .imm = IPPROTO_TCP));
    bpf_put(w, BPF_SET(BPF_REG_7, TCP_SYN)); /* a datagram claims its port as a SYN does */
    bpf_jump(w, BPF_ALWAYS, LABEL_CLAIM);
    put_fetch(w, true, TCP_FLAGS, BPF_B, BPF_REG_7);
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_7, TCP_SYN | TCP_RST), LABEL_CLAIM);
    bpf_jump(w, BPF_ALWAYS, LABEL_PASS);

    bpf_label(w, LABEL_CLAIM);
    bpf_put(w, BPF_SET(BPF_REG_8, 0));
    put_lookup(w, maps->owners_fd, AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), LABEL_LOOKED_UP);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_8, BPF_REG_0, 0));
    bpf_label(w, LABEL_LOOKED_UP);
    put_claim(w, maps);

    put_port_unreachable(w, LABEL_ICMP, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH);
    put_port_unreachable(w, LABEL_ICMPV6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT);
    bpf_label(w, LABEL_QUIET);
    put_find_guests(w, maps);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_7, offsetof(struct guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JGT, BPF_REG_1, 1), LABEL_DROP);

    bpf_label(w, LABEL_PASS);
    bpf_label(w, LABEL_ARP);
    bpf_label(w, LABEL_OTHER);
    bpf_put(w, BPF_SET(BPF_REG_1, interface));
    put_redirect(w);
    put_return(w, LABEL_DROP, TC_ACT_SHOT);
}

static void close_maps(const struct maps *maps)
{
    cleanup_close(&maps->guests_fd);
    cleanup_close(&maps->owners_fd);
}

static int open_by_id(int command, uint32_t id)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.prog_id = id; /* in the same place for programs and maps */
    return bpf_call(command, &attr);
}

static int get_info(int fd, void *info, uint32_t size)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = size;
    attr.info.info = (uintptr_t)info;
    return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* Opens the maps of a program that runs already. Whatever else it may be: then the maps are not found. */
static bool open_maps_of(uint32_t program_id, struct maps *maps)
{
    uint32_t ids[4] = {0};
    struct bpf_prog_info program = {.nr_map_ids = 4, .map_ids = (uintptr_t)ids};
    _cleanup_close_ int fd = open_by_id(BPF_PROG_GET_FD_BY_ID, program_id);
    if (fd < 0 || get_info(fd, &program, sizeof(program)) < 0)
        return false;
    for (uint32_t i = 0; i < program.nr_map_ids && i < 4; i++) {
        struct bpf_map_info map = {.type = 0};
        int map_fd = open_by_id(BPF_MAP_GET_FD_BY_ID, ids[i]);
        int *out_fd = NULL;
        if (map_fd >= 0 && get_info(map_fd, &map, sizeof(map)) == 0)
            out_fd = strcmp(map.name, GUESTS_NAME) == 0   ? &maps->guests_fd
                     : strcmp(map.name, OWNERS_NAME) == 0 ? &maps->owners_fd
                                                          : NULL;
        if (out_fd != NULL && *out_fd < 0)
            *out_fd = map_fd;
        else
            cleanup_close(&map_fd);
    }
    return maps->guests_fd >= 0 && maps->owners_fd >= 0;
}

static int map_call(int command, int map_fd, const void *key, void *value)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.map_fd = (uint32_t)map_fd;
    attr.key = (uintptr_t)key;
    attr.value = (uintptr_t)value; /* or next_key */
    return bpf_call(command, &attr);
}

static bool is_one_of(uint32_t tap, const int32_t *taps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tap == (uint32_t)taps[i])
            return true;
    }
    return false;
}

/* Deleting the key that the walk stands on would start it anew, so the next one is looked up first. */
static void forget_ports(int owners_fd, const int32_t *taps, size_t n)
{
    uint32_t key = 0, next = 0, owner = 0;
    bool has_key = map_call(BPF_MAP_GET_NEXT_KEY, owners_fd, NULL, &key) == 0;
    for (size_t steps = 0; has_key && steps < 2 * OWNERS_MAX; steps++) {
        has_key = map_call(BPF_MAP_GET_NEXT_KEY, owners_fd, &key, &next) == 0;
        if (map_call(BPF_MAP_LOOKUP_ELEM, owners_fd, &key, &owner) == 0 && !is_one_of(owner, taps, n))
            map_call(BPF_MAP_DELETE_ELEM, owners_fd, &key, NULL);
        key = next;
    }
}

static int set_guests(const struct maps *maps, const int32_t *taps, size_t n, struct error *err)
{
    struct guests guests = {.n = (uint32_t)n};
    uint32_t key = 0;
    for (size_t i = 0; i < n; i++)
        guests.taps[i] = (uint32_t)taps[i];
    if (map_call(BPF_MAP_UPDATE_ELEM, maps->guests_fd, &key, &guests) < 0)
        return error_errno(err, "write BPF map '%s'", GUESTS_NAME);
    forget_ports(maps->owners_fd, taps, n);
    return 0;
}

static int run_program(struct netlink *nl, int32_t index, const char *name, struct bpf_writer *w,
                       struct error *err)
{
    _cleanup_close_ int fd = -1;
    bpf_finish(w);
    if (bpf_load(BPF_PROG_TYPE_SCHED_CLS, name, w->insns, w->n, &fd, err) < 0)
        return -1;
    return net_filter_run(nl, index, fd, err);
}

int net_steer_set(struct netlink *nl, int32_t interface, const int32_t *taps, size_t n, struct error *err)
{
    _cleanup_(close_maps) struct maps maps = {-1, -1};
    uint32_t program_id = 0;
    if (n > NET_STEER_GUESTS_MAX)
        return error_set(err, ERROR_REFUSED, "%zu guests, more than %d", n, NET_STEER_GUESTS_MAX);
    if (net_filter_find(nl, interface, &program_id, err) < 0)
        return -1;
    bool is_running = program_id != 0 && open_maps_of(program_id, &maps);
    if (!is_running) {
        close_maps(&maps);
        maps = (struct maps){-1, -1};
        if (bpf_map_make(&guests_shape, &maps.guests_fd, err) < 0 ||
            bpf_map_make(&owners_shape, &maps.owners_fd, err) < 0)
            return -1;
    }
    if (set_guests(&maps, taps, n, err) < 0)
        return -1;

    /* A tap that had its program before gets it once more: the same one, or one with the maps that count now.
     */
    for (size_t i = 0; i < n; i++) {
        struct bpf_writer outward = {.n = 0};
        write_outward(&outward, &maps, interface);
        if (run_program(nl, taps[i], "wherry_outward", &outward, err) < 0)
            return -1;
    }
    if (is_running)
        return 0;
    struct bpf_writer inward = {.n = 0};
    write_inward(&inward, &maps);
    return run_program(nl, interface, "wherry_inward", &inward, err);
}
