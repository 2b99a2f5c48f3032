/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that connects to the interface's address or to 127.0.0.1 sends to itself, by lo. What no process
 * has asked for is a guest's. The guest must not see its own address as the sender's, so it sees that of the
 * party.
 */
#include "net_program.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

enum { LABEL_PASS = NET_LABEL_OWN, LABEL_DROP };

/* Bits of a party of the stack, behind NET_PARTY_STACK. */
enum { FROM_LOOPBACK = 1, TO_LOOPBACK = 2 };

/* The party becomes the stack with the forms of its two addresses; other addresses are not ours. */
static void put_party(struct bpf_writer *w, enum net_family family)
{
    const struct {
        int at;
        int32_t add;
    } ends[] = {{net_code_source(NET_AT_TUPLE), FROM_LOOPBACK},
                {net_code_destination(family, NET_AT_TUPLE), TO_LOOPBACK}};

    bpf_put(w, BPF_SET(BPF_REG_7, NET_PARTY_STACK));
    for (int i = 0; i < 2; i++) {
        unsigned int not_loopback = bpf_new_label(w), known = bpf_new_label(w);
        net_code_need_equal(w, family, ends[i].at, NET_LOOPBACK, not_loopback);
        bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_7, ends[i].add));
        bpf_jump(w, BPF_ALWAYS, known);
        bpf_label(w, not_loopback);
        net_code_need_equal(w, family, ends[i].at, NET_OWN, LABEL_PASS);
        bpf_label(w, known);
    }
    bpf_put(w, BPF_STORE(BPF_B, BPF_REG_10, NET_AT_PARTY, BPF_REG_7));
}

/* What does not fit is dropped: nobody splits a datagram on its way from lo to a tap. */
static void put_length_check(struct bpf_writer *w)
{
    unsigned int fits = bpf_new_label(w);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, gso_size)));
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, 0), fits);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, len)));
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_8, offsetof(struct net_guests, mtu)));
    bpf_put(w, BPF_ALU_NUM(BPF_ADD, BPF_REG_2, ETH_HLEN));
    bpf_jump(w, BPF_IF_REG(BPF_JGT, BPF_REG_1, BPF_REG_2), LABEL_DROP);
    bpf_label(w, fits);
}

/*
 * The target becomes the tap of the guest that has the port, or else of the only one; 0: all of them. A port
 * of 127.0.0.1 that no guest has may be a guest's of another interface.
 */
static void put_target(struct bpf_writer *w, const struct net_maps *maps)
{
    unsigned int no_owner = bpf_new_label(w), ours = bpf_new_label(w), ready = bpf_new_label(w);
    net_code_lookup(w, maps->owners_fd, NET_AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), no_owner);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    bpf_jump(w, BPF_ALWAYS, ready);

    bpf_label(w, no_owner);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, is_home)));
    bpf_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_1, 0), ours);
    bpf_put(w, BPF_LOAD(BPF_B, BPF_REG_1, BPF_REG_10, NET_AT_PARTY));
    bpf_put(w, BPF_ALU_NUM(BPF_SUB, BPF_REG_1, NET_PARTY_STACK));
    bpf_jump(w, BPF_IF_NUM(BPF_JSET, BPF_REG_1, TO_LOOPBACK), LABEL_PASS);
    bpf_label(w, ours);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_8, offsetof(struct net_guests, n)));
    bpf_put(w, BPF_SET(BPF_REG_1, 0));
    bpf_jump(w, BPF_IF_NUM(BPF_JGT, BPF_REG_2, 1), ready);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, first)));
    bpf_label(w, ready);
    bpf_put(w, BPF_STORE(BPF_DW, BPF_REG_10, NET_AT_TARGET, BPF_REG_1));
}

/* From a process to whichever guest has the port. */
static void put_begin(struct bpf_writer *w, const struct net_maps *maps, enum net_family family)
{
    unsigned int no_socket = bpf_new_label(w), all = bpf_new_label(w);
    put_party(w, family);
    net_code_need_socket(w, family, NET_AT_TUPLE, no_socket);
    bpf_jump(w, BPF_ALWAYS, LABEL_PASS);

    bpf_label(w, no_socket);
    put_length_check(w);
    put_target(w, maps);
    net_code_put_address(w, family, net_code_source(NET_AT_NEW), NET_PARTY);
    net_code_put_address(w, family, net_code_destination(family, NET_AT_NEW), NET_OWN);
    net_code_translate(w, family);
    net_code_put_guest_macs(w);
    bpf_put(w, BPF_LOAD(BPF_DW, BPF_REG_1, BPF_REG_10, NET_AT_TARGET));
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, 0), all);
    net_code_redirect(w);
    bpf_label(w, all);
    net_code_flood(w, -1, TC_ACT_SHOT);
}

static void put_transport(struct bpf_writer *w, const struct net_maps *maps, enum net_family family)
{
    unsigned int not_answer = bpf_new_label(w);
    int destination = net_code_destination(family, NET_AT_TUPLE);
    bpf_label(w, NET_LABEL_TRANSPORT + family);
    net_code_set_key(w, net_code_ports(family, NET_AT_TUPLE) + 2);
    net_code_find_guests(w, maps, LABEL_PASS);
    net_code_need_address(w, family, LABEL_PASS);
    net_code_need_equal(w, family, destination, NET_PARTY_INSIDE, not_answer);
    put_length_check(w);
    net_code_take_party(w, family, destination);
    net_code_answer_guest(w, family, LABEL_DROP);
    bpf_label(w, not_answer);
    put_begin(w, maps, family);
}

void net_program_local(struct bpf_writer *w, const struct net_maps *maps, bool has_ipv6)
{
    net_code_parse(w);
    put_transport(w, maps, NET_IPV4);
    if (has_ipv6)
        put_transport(w, maps, NET_IPV6);
    else
        bpf_label(w, NET_LABEL_TRANSPORT_6);

    bpf_label(w, NET_LABEL_ICMP);
    bpf_label(w, NET_LABEL_ICMPV6);
    bpf_label(w, NET_LABEL_ARP);
    bpf_label(w, NET_LABEL_OTHER);
    net_code_return(w, LABEL_PASS, TC_ACT_UNSPEC); /* another interface's program may want it */
    net_code_return(w, LABEL_DROP, TC_ACT_SHOT);
}
