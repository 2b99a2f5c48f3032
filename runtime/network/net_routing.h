/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the interfaces of a network namespace have beyond one address and one default route of each family:
 * further addresses, and routes that somebody has set. Those that the kernel itself makes for each address
 * are left out, as every stack makes them for itself.
 */
#ifndef NET_ROUTING_H
#define NET_ROUTING_H

#include "base/error.h"
#include "monitor/launch.h"
#include "net.h"
#include "netlink.h"

#include <stdbool.h>
#include <stddef.h>

/* As in a start message, whose nets these interfaces are. */
struct net_routing {
    size_t n_addresses, n_routes;
    struct start_address addresses[START_ADDRESSES_MAX];
    struct start_route routes[START_ROUTES_MAX];
    bool is_cut; /* there were more */
};

/* Reads what n interfaces of nl's namespace have; net of an entry is an index in interfaces. */
int net_routing_read(struct netlink *nl, const struct net_interface *interfaces, size_t n,
                     struct net_routing *out, struct error *err);

#endif
