/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One interface for several: guests that share its addresses, and the namespace's own sockets beside them (a
 * sidecar, whoever forwards a port). A frame goes to whoever has the port that it is for.
 *
 *  - TCP and UDP for which the namespace's own stack has a socket go to that stack.
 *  - Otherwise to the guest that has the port: a guest gets it with the first datagram or SYN that it sends
 *    from there, which may be the SYN-ACK by which it accepts a connection.
 *  - A port that nobody has is the only guest's; of several guests all get the frame, and a refusal is sent
 * when all of them have refused.
 *  - Questions that must be answered once (ARP, neighbour solicitation, ping) go to the first guest.
 *  - Everything else (ARP answers, router advertisements, ICMP errors, other protocols) goes to all of them.
 *
 * The stack and the guests are the parties of the address. TCP and UDP of one party to the others, by the
 * same rules:
 *
 *  - A process reaches a guest at the interface's addresses, at 127.0.0.1 and at ::1.
 *  - A guest reaches the others at the interface's addresses and at 127.0.0.1 and ::1, as far as its stack
 * sends such packets out and does not keep them to itself; and at NET_STEER_PARTY_IPV4 or _IPV6 with 104 as
 * its last byte, whatever its stack does. By the latter it reaches also a process that listens at 127.0.0.1
 * only.
 *  - A guest sees a party of its own address as one of these addresses with another last byte: it would not
 * answer itself. The stack sees a guest as 127.119.104.x, or as that IPv6 address.
 *
 * With several interfaces each has its own guests, who reach each other at its address. 127.0.0.1 leads to
 * whoever has used the port, else to the guests of the interface that has had some for the longest time.
 */
#ifndef NET_STEER_H
#define NET_STEER_H

#include "base/error.h"
#include "net.h"
#include "netlink.h"

#include <stddef.h>
#include <stdint.h>

#define NET_STEER_GUESTS_MAX 8

/* Addresses of parties: link-local, and unique-local ones that nobody else has drawn; the last byte is the
 * party. The MAC is that of all of them. */
#define NET_STEER_PARTY_IPV4 \
    {                        \
        169, 254, 119, 0     \
    }
#define NET_STEER_PARTY_IPV6                           \
    {                                                  \
        0xfd, 0x77, 0x68, 0x65, 0x72, 0x72, 0x00, 0x79 \
    }
#define NET_STEER_PARTY_MAC           \
    {                                 \
        0x02, 'w', 'h', 'e', 'r', 'r' \
    }

/*
 * Makes the taps the guests of the interface: all that it has from then on. taps has NET_STEER_GUESTS_MAX
 * indexes, 0 for none; a guest keeps its place. What is known of ports survives as long as the interface
 * keeps its filter; ports of taps that are not listed are forgotten.
 */
int net_steer_set(struct netlink *nl, const struct net_interface *interface, const int32_t *taps,
                  struct error *err);

/* Removes what net_steer_set() has done for an interface, except at taps, which are gone. */
int net_steer_unset(struct netlink *nl, int32_t interface, struct error *err);

/* Removes what is left at lo, when no guest of the namespace is left. */
int net_steer_close(struct netlink *nl, struct error *err);

#endif
