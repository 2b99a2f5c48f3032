/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/ip_config.h"

#include <string.h>

/* What has been found so far: the longest prefix and where it leads. */
struct search {
    const uint8_t *to;
    int bits; /* -1: nothing yet */
    const uint8_t *next_hop;
};

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool begins_alike(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned rest = bits % 8;
    return memcmp(a, b, bits / 8) == 0 && (rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0);
}

/* gateway NULL: on the link. */
static void consider(struct search *search, const uint8_t *prefix, int bits, const uint8_t *gateway)
{
    if (bits <= search->bits || !begins_alike(search->to, prefix, (unsigned)bits))
        return;
    search->bits = bits;
    search->next_hop = gateway != NULL ? gateway : search->to;
}

const uint8_t *ip_config_next_hop(const struct ip_config *config, enum ip_family family, const uint8_t *to)
{
    const bool is_ipv4 = family == IP_FAMILY_4;
    const size_t size = is_ipv4 ? 4 : 16;
    const uint8_t *address = is_ipv4 ? config->ipv4 : config->ipv6;
    const uint8_t *gateway = is_ipv4 ? config->ipv4_gateway : config->ipv6_gateway;
    struct search search = {.to = to, .bits = -1};

    if (!is_zero(address, size))
        consider(&search, address, is_ipv4 ? config->ipv4_prefix : config->ipv6_prefix, NULL);
    for (size_t i = 0; i < config->n_addresses; i++)
        if (config->addresses[i].family == family)
            consider(&search, config->addresses[i].address, config->addresses[i].bits, NULL);
    for (size_t i = 0; i < config->n_routes; i++) {
        const struct ip_route *route = &config->routes[i];
        if (route->destination.family == family)
            consider(&search, route->destination.address, route->destination.bits,
                     is_zero(route->gateway, size) ? NULL : route->gateway);
    }
    if (!is_zero(gateway, size))
        consider(&search, gateway, 0, gateway);
    return search.next_hop;
}
