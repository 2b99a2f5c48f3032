/* SPDX-License-Identifier: Apache-2.0 */
/* Where lwIP asks for the next hop (lwip/opt.h, "Hook options"); answered by tcpip.c. */
#ifndef TCPIP_LWIP_HOOKS_H
#define TCPIP_LWIP_HOOKS_H

#include <lwip/ip4_addr.h>
#include <lwip/ip6_addr.h>

/* NULL: there is no way. */
const ip4_addr_t *tcpip_next_hop_ipv4(const ip4_addr_t *to);
const ip6_addr_t *tcpip_next_hop_ipv6(const ip6_addr_t *to);

#define LWIP_HOOK_ETHARP_GET_GW(netif, to) tcpip_next_hop_ipv4(to)
#define LWIP_HOOK_ND6_GET_GW(netif, to)    tcpip_next_hop_ipv6(to)

#endif
