/* SPDX-License-Identifier: Apache-2.0 */
/* A tap for one guest: an Ethernet interface whose other side is a descriptor (the kernel's tuntap.rst). */
#ifndef NET_TAP_H
#define NET_TAP_H

#include "base/error.h"
#include "netlink.h"

#include <stdint.h>

struct net_tap {
    int fd;        /* non-blocking, close-on-exec; one read or write is one frame, with no header in front */
    int32_t index; /* of the interface */
};

/*
 * Makes the tap 'name', up, with this MTU, in the calling process's network namespace. It is not persistent:
 * it goes with the last copy of the descriptor. A name that is in use is ERROR_STATE. The namespace's own IP
 * stack sends nothing through it: it gets no address, not even IPv6's link-local one.
 */
int net_tap_open(struct netlink *nl, const char *name, uint16_t mtu, struct net_tap *out_tap,
                 struct error *err);

#endif
