/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IP configuration of a network device. It comes from the boot information when the host offers it there,
 * else from the command line, spelled as MirageOS has it: --ipv4=ADDRESS/PREFIX, --ipv4-gateway=ADDRESS,
 * --ipv6=ADDRESS/PREFIX and --ipv6-gateway=ADDRESS; else it is 10.0.0.2/24 without a gateway.
 */
#ifndef KIT_IP_CONFIG_H
#define KIT_IP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is more is left out. */
#define IP_CONFIG_ADDRESSES_MAX 6
#define IP_CONFIG_ROUTES_MAX    64

enum ip_family { IP_FAMILY_4 = 4, IP_FAMILY_6 = 6 };

/* An address, and how many of its bits it shares with its neighbours. All bytes are in network byte order. */
struct ip_prefix {
    enum ip_family family;
    uint8_t bits;
    uint8_t address[16]; /* of IPv4 the first four */
};

struct ip_route {
    struct ip_prefix destination;
    uint8_t gateway[16]; /* all zero: the destination is on the link */
};

struct ip_config {
    uint8_t ipv4[4]; /* 0.0.0.0: none */
    uint8_t ipv4_prefix;
    uint8_t ipv4_gateway[4]; /* 0.0.0.0: none */
    uint8_t ipv6[16];        /* ::, none */
    uint8_t ipv6_prefix;
    uint8_t ipv6_gateway[16];                            /* ::, none */
    struct ip_prefix addresses[IP_CONFIG_ADDRESSES_MAX]; /* further ones */
    size_t n_addresses;
    struct ip_route routes[IP_CONFIG_ROUTES_MAX]; /* further ones */
    size_t n_routes;
};

/*
 * Takes the options above out of argv. Those that are there overwrite fields of *config; *out_found says
 * whether an address was among them. Returns 0; or -1 when one cannot be read, and *out_bad (a word of argv)
 * names it.
 */
int ip_config_take_options(int *argc, char **argv, struct ip_config *config, bool *out_found,
                           const char **out_bad);

/* What the host says of the device; false when it says nothing. */
bool ip_config_from_host(const char *device, struct ip_config *out);

/* All of the above, in that order. Writes a message for what it does not find, and ends the guest for what it
 * cannot read. */
void ip_config_choose(const char *device, int *argc, char **argv, struct ip_config *out);

/* Parse dotted decimals, and RFC 4291's forms of IPv6 (2.2) but for the one with dotted decimals at its end;
 * up to end. Return 0, or -1. */
int ip_config_parse_ipv4(const char *text, const char *end, uint8_t out[4]);
int ip_config_parse_ipv6(const char *text, const char *end, uint8_t out[16]);

/*
 * Where a packet to an address of this family has to be sent: to the address itself when it is on the link,
 * to a gateway, or nowhere (NULL). The longest prefix that fits decides. The result points to to, or into
 * config.
 */
const uint8_t *ip_config_next_hop(const struct ip_config *config, enum ip_family family, const uint8_t *to);

#endif
