/* SPDX-License-Identifier: Apache-2.0 */
#include "net_program.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stddef.h>

#define ARP_OPERATION (ETH_HLEN + 6)
#define ARP_REQUEST   1

enum { LABEL_PORT = NET_LABEL_OWN, LABEL_NO_OWNER, LABEL_FIRST, LABEL_PASS, LABEL_DROP };

/* An address that stands for a party comes from inside, or from a liar. */
static void put_transport(struct bpf_writer *w, enum net_family family)
{
    unsigned int honest = bpf_new_label(w);
    bpf_label(w, NET_LABEL_TRANSPORT + family);
    net_code_need_equal(w, family, net_code_source(NET_AT_TUPLE), NET_PARTY, honest);
    bpf_jump(w, BPF_ALWAYS, LABEL_DROP);
    bpf_label(w, honest);
    net_code_set_key(w, net_code_ports(family, NET_AT_TUPLE) + 2); /* the destination's */
    net_code_need_socket(w, family, NET_AT_TUPLE, LABEL_PORT);
    bpf_jump(w, BPF_ALWAYS, LABEL_PASS);
}

void net_program_inward(struct bpf_writer *w, const struct net_maps *maps)
{
    net_code_parse(w);
    put_transport(w, NET_IPV4);
    put_transport(w, NET_IPV6);

    bpf_label(w, LABEL_PORT);
    net_code_lookup(w, maps->owners_fd, NET_AT_KEY);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0), LABEL_NO_OWNER);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_0, 0));
    net_code_redirect(w);

    bpf_label(w, LABEL_NO_OWNER);
    net_code_find_guests(w, maps, LABEL_PASS);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, n)));
    bpf_jump(w, BPF_IF_NUM(BPF_JLE, BPF_REG_1, 1), LABEL_FIRST);
    net_code_flood(w, -1, TC_ACT_SHOT);

    bpf_label(w, NET_LABEL_ARP);
    net_code_fetch(w, ARP_OPERATION, BPF_H, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, htons(ARP_REQUEST)), LABEL_FIRST);
    bpf_jump(w, BPF_ALWAYS, NET_LABEL_OTHER);
    bpf_label(w, NET_LABEL_ICMP);
    net_code_fetch_from_r7(w, 0, BPF_B, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ICMP_ECHO), LABEL_FIRST);
    bpf_jump(w, BPF_ALWAYS, NET_LABEL_OTHER);
    bpf_label(w, NET_LABEL_ICMPV6);
    net_code_fetch_from_r7(w, 0, BPF_B, BPF_REG_1);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ICMP6_ECHO_REQUEST), LABEL_FIRST);
    bpf_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_1, ND_NEIGHBOR_SOLICIT), LABEL_FIRST);

    bpf_label(w, NET_LABEL_OTHER);
    net_code_find_guests(w, maps, LABEL_PASS);
    net_code_flood(w, -1, TC_ACT_OK);

    bpf_label(w, LABEL_FIRST);
    net_code_find_guests(w, maps, LABEL_PASS);
    bpf_put(w, BPF_LOAD(BPF_W, BPF_REG_1, BPF_REG_8, offsetof(struct net_guests, first)));
    net_code_redirect(w);
    net_code_return(w, LABEL_PASS, TC_ACT_OK);
    net_code_return(w, LABEL_DROP, TC_ACT_SHOT);
}
