/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that asks: it sends one packet through its tap and looks at what comes back. It knows no ARP for
 * others: it sends to a MAC of its own choice, which is what happens inside a namespace anyway.
 */
#ifndef TAP_CLIENT_H
#define TAP_CLIENT_H

#include "monitor/launch.h"

#include <stdbool.h>
#include <stdint.h>

struct tap_client {
    int fd;
    const struct start_net *net;
    int family; /* AF_INET or AF_INET6 */
    const char *to;
    uint16_t port;      /* of the one that is asked */
    uint16_t from_port; /* its own */
};

/* Whether a datagram of 600 bytes comes back from where it was sent to, unchanged and rightly summed. */
bool tap_client_echo(const struct tap_client *client);

/* 0 if a SYN is acknowledged, ECONNREFUSED if it is refused, ETIMEDOUT if nothing comes within 0.4 seconds.
 */
int tap_client_connect(const struct tap_client *client);

/* Whether an ARP request for that IPv4 address is answered. */
bool tap_client_arp(const struct tap_client *client);

#endif
