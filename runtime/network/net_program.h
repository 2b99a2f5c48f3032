/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF programs by which net_steer.c moves frames between an interface, its guests and the namespace's own
 * stack. */
#ifndef NET_PROGRAM_H
#define NET_PROGRAM_H

#include "base/bpf.h"
#include "net_code.h"

#include <stdbool.h>
#include <stdint.h>

/* At the interface's ingress: frames from the link. */
void net_program_inward(struct bpf_writer *w, const struct net_maps *maps);

/* At the ingress of a guest's tap: frames from the guest. */
struct net_outward {
    const struct net_maps *maps;
    int32_t interface;
    int slot;      /* the guest's */
    bool has_ipv6; /* the interface has an address; without one, IPv6 goes to the link and nowhere else */
};

void net_program_outward(struct bpf_writer *w, const struct net_outward *outward);

/* At the egress of lo: what the namespace's own processes send to addresses of their own. */
void net_program_local(struct bpf_writer *w, const struct net_maps *maps, bool has_ipv6);

#endif
