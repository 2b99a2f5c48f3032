/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/crt/boot.h"
#include "kit/ip_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ip_config_from_host(const char *device, struct ip_config *out)
{
    if ((boot_info->host_features & BOOT_FEATURE_NET_CONFIG) == 0)
        return false;
    for (uint64_t i = 0; i < boot_info->n_net_config; i++) {
        const struct boot_net_config *net = &boot_info->net_config[i];
        if (strcmp(net->name, device) != 0 || (net->flags & BOOT_NET_HAS_IPV4) == 0)
            continue;
        memcpy(out->ipv4, net->ipv4, sizeof(out->ipv4));
        memcpy(out->ipv4_gateway, net->ipv4_gateway, sizeof(out->ipv4_gateway));
        out->ipv4_prefix = net->ipv4_prefix;
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
        fprintf(stderr, "read '%s': not an IPv4 address%s\n", bad,
                strstr(bad, "--ipv4=") == bad ? " and prefix" : "");
        exit(EXIT_FAILURE);
    }
    if (!ip_config_from_host(device, out) && !is_found)
        fprintf(stderr, "no address for '%s' from the host or as --ipv4=ADDRESS/PREFIX: taking 10.0.0.2/24\n",
                device);
}
