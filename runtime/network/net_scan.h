/* SPDX-License-Identifier: Apache-2.0 */
/* The Ethernet interfaces of the calling process's network namespace, with their addresses and default
 * routes. */
#ifndef NET_SCAN_H
#define NET_SCAN_H

#include "base/error.h"
#include "net.h"
#include "netlink.h"

#include <stddef.h>

/* As net_scan() of net.h, in the namespace that nl belongs to. */
int net_scan_interfaces(struct netlink *nl, struct net_interface *interfaces, size_t max, size_t *out_n,
                        struct error *err);

#endif
