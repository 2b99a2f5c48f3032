/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface for several: guests that share its addresses, and the namespace's own sockets beside them (a
 * sidecar). A frame goes to whoever has the port that it is for.
 *
 *  - TCP and UDP for which the namespace's own stack has a socket go to that stack.
 *  - Otherwise to the guest that has the port: a guest gets it with the first datagram or SYN that it sends
 *    from there, which may be the SYN-ACK by which it accepts a connection.
 *  - A port that nobody has is the only guest's; of several guests all get the frame, and the refusals of
 *    those that do not want it are not sent. (So the port nobody listens on is silent, not refused.)
 *  - Questions that must be answered once (ARP, neighbour solicitation, ping) go to the first guest.
 *  - Everything else (ARP answers, router advertisements, ICMP errors, other protocols) goes to all of them.
 *
 * Guests of one interface cannot reach each other or the namespace's sockets: they have the same address.
 */
#ifndef NET_STEER_H
#define NET_STEER_H

#include "base/error.h"
#include "netlink.h"

#include <stddef.h>
#include <stdint.h>

#define NET_STEER_GUESTS_MAX 8

/*
 * Makes the taps, by index and in order of age, the guests of the interface: all that it has from now on.
 * What is known of ports survives as long as the interface keeps its filter; ports of taps that are not
 * listed are forgotten.
 */
int net_steer_set(struct netlink *nl, int32_t interface, const int32_t *taps, size_t n, struct error *err);

#endif
