/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of a guest: from the interfaces that an engine put into the container's network namespace to
 * taps whose descriptors the monitor holds.
 *
 * For each device of the guest: a tap without a name in any file system and not persistent, so that it
 * vanishes with the monitor; and filters at the ingress hooks of interface and tap that move frames between
 * them before the namespace's own IP stack sees them. The guest takes over the interface's MAC and IP
 * addresses, which stay configured on the interface, where engines look for them. Several guests, and
 * processes in the namespace, can share an interface, and reach each other: net_steer.h says how. Frames to a
 * tap that is gone are dropped, until the next net_attach or net_detach.
 *
 * The namespace is entered by a child process: the caller's own namespaces never change.
 */
#ifndef NET_H
#define NET_H

#include "base/error.h"
#include "monitor/launch.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_INTERFACES_MAX LAUNCH_NETS_MAX

/* What a guest needs to know of one interface. Addresses are in network byte order; all zero: none. */
struct net_interface {
    int32_t index;
    char name[IF_NAMESIZE];
    uint8_t mac[6];
    uint16_t mtu;
    uint8_t ipv4[4];
    uint8_t ipv4_gateway[4];
    uint8_t ipv4_prefix;
    uint8_t ipv6_prefix;
    uint8_t ipv6[16]; /* global or unique-local; never link-local */
    uint8_t ipv6_gateway[16];
};

/*
 * The interfaces of a network namespace that a guest can take over, by rising index: Ethernet, with a MAC and
 * up; not loopback, not a tap or tun, not the port of a bridge or bond. At most max; more are ERROR_REFUSED.
 */
int net_scan(int netns_fd, struct net_interface *interfaces, size_t max, size_t *out_n, struct error *err);

/* ERROR_REFUSED if this is the network namespace of the caller or of process 1: net_attach would take the
 * host's interfaces away. */
int net_check_not_host(int netns_fd, struct error *err);

struct net_request {
    const char *device; /* the guest's device, as in its manifest */
    const char
        *interface; /* the interface to take over; NULL: the next one, in order, that no request names */
};

/*
 * Connects each request's device with its interface. Fills the network's part of message (nets, without DNS,
 * in the order of the requests; addresses and routes; their counts) and tap_fds[i], non-blocking and
 * close-on-exec, the caller's to close. More addresses or routes than a message can hold are left out, and
 * the log says so. An interface that is missing is ERROR_INPUT and names the device; one that another running
 * guest has is ERROR_STATE. On failure nothing is left.
 */
int net_attach(int netns_fd, const struct net_request *requests, size_t n, struct start_message *message,
               int *tap_fds, struct error *err);

/*
 * Forgets guests whose tap is gone. An interface without a guest is the namespace's own stack's again (a
 * pod's next container may be no guest).
 */
int net_detach(int netns_fd, struct error *err);

/* The name servers of a guest. Addresses are in network byte order; all zero ends a list. */
struct net_dns {
    uint8_t ipv4[3][4];
    uint8_t ipv6[2][16];
};

/* The first name servers of a resolv.conf(5) text. Other lines, and IPv6 addresses with a zone, are skipped.
 */
void net_parse_dns(const char *resolv_conf, size_t size, struct net_dns *out);

#endif
