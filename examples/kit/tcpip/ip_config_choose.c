/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/crt/boot.h"
#include "kit/ip_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take_addresses(uint32_t device, struct ip_config *out)
{
    for (uint64_t i = 0; i < boot_info->n_net_addresses && out->n_addresses < IP_CONFIG_ADDRESSES_MAX; i++) {
        const struct boot_net_address *from = &boot_info->net_addresses[i];
        if (from->device != device)
            continue;
        struct ip_prefix *address = &out->addresses[out->n_addresses++];
        *address = (struct ip_prefix){.family = (enum ip_family)from->family, .bits = from->prefix};
        memcpy(address->address, from->address, sizeof(address->address));
    }
}

static void take_routes(uint32_t device, struct ip_config *out)
{
    for (uint64_t i = 0; i < boot_info->n_net_routes && out->n_routes < IP_CONFIG_ROUTES_MAX; i++) {
        const struct boot_net_route *from = &boot_info->net_routes[i];
        if (from->device != device)
            continue;
        struct ip_route *route = &out->routes[out->n_routes++];
        route->destination = (struct ip_prefix){.family = (enum ip_family)from->family, .bits = from->prefix};
        memcpy(route->destination.address, from->destination, sizeof(from->destination));
        memcpy(route->gateway, from->gateway, sizeof(route->gateway));
    }
}

static void take_first(const struct boot_net_config *net, struct ip_config *out)
{
    *out = (struct ip_config){.ipv4_prefix = net->ipv4_prefix, .ipv6_prefix = net->ipv6_prefix};
    memcpy(out->ipv4, net->ipv4, sizeof(out->ipv4));
    memcpy(out->ipv4_gateway, net->ipv4_gateway, sizeof(out->ipv4_gateway));
    memcpy(out->ipv6, net->ipv6, sizeof(out->ipv6));
    memcpy(out->ipv6_gateway, net->ipv6_gateway, sizeof(out->ipv6_gateway));
}

bool ip_config_from_host(const char *device, struct ip_config *out)
{
    if ((boot_info->host_features & BOOT_FEATURE_NET_CONFIG) == 0)
        return false;
    for (uint64_t i = 0; i < boot_info->n_net_config; i++) {
        const struct boot_net_config *net = &boot_info->net_config[i];
        if (strcmp(net->name, device) != 0 || (net->flags & (BOOT_NET_HAS_IPV4 | BOOT_NET_HAS_IPV6)) == 0)
            continue;
        take_first(net, out);
        if ((boot_info->host_features & BOOT_FEATURE_NET_ROUTES) != 0) {
            take_addresses((uint32_t)i, out);
            take_routes((uint32_t)i, out);
        }
        return true;
    }
    return false;
}

void ip_config_choose(const char *device, int *argc, char **argv, struct ip_config *out)
{
    bool is_found;
    const char *bad;

    *out = (struct ip_config){.ipv4 = {10, 0, 0, 2}, .ipv4_prefix = 24};
    if (ip_config_take_options(argc, argv, out, &is_found, &bad) != 0) {
        fprintf(stderr, "read '%s': not an IPv%c address%s\n", bad, bad[strlen("--ipv")],
                bad[strlen("--ipv4")] == '=' ? " and prefix" : "");
        exit(EXIT_FAILURE);
    }
    if (!ip_config_from_host(device, out) && !is_found)
        fprintf(stderr, "no address for '%s' from the host or as --ipv4=ADDRESS/PREFIX: taking 10.0.0.2/24\n",
                device);
}
