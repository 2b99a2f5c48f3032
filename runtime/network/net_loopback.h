/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the namespace's own stack has to be told so that it takes answers of guests that come in by lo: with
 * its own addresses as their senders, for 127.0.0.1, and, of IPv6, that the parties' addresses (net_steer.h)
 * lead to lo. All of it concerns what lo receives, which is what the namespace itself has sent, and what
 * net_program.h sends.
 */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include "base/error.h"
#include "netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* lo's settings; net_loopback_find() fills them in, 0 or 1 each. */
struct net_loopback {
    uint32_t accept_local;
    uint32_t route_localnet;
};

int net_loopback_find(struct netlink *nl, struct net_loopback *out, struct error *err);

/* Sets both, and makes the route if the namespace has IPv6. What is there already is no error. */
int net_loopback_open(struct netlink *nl, bool has_ipv6, struct error *err);

/* Removes the route, and sets lo's settings to what they were. */
int net_loopback_close(struct netlink *nl, const struct net_loopback *before, struct error *err);

#endif
