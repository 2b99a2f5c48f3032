/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three dumps: links, then addresses and default routes, which are matched to the links by index. The kernel
 * dumps links in no order that means anything, so they are sorted first. Of several addresses the oldest
 * counts (of IPv4 the kernel lists the oldest first, of IPv6 last), of several default routes the one with
 * the lowest metric.
 */
#include "net_scan.h"

#include "net_attrs.h"

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linux takes a veth's MTU up to 65535, but a tap's to 65521 only. */
#define MTU_MAX 65521

struct found {
    struct net_interface *interfaces;
    size_t max;
    size_t n;                               /* may exceed max: then interfaces holds the first max */
    uint64_t metric[NET_INTERFACES_MAX][2]; /* of the gateway that was taken, IPv4 and IPv6 */
};

/* Links whose frames are not an engine's Ethernet, or that something else already picks up. */
static bool is_kind_foreign(const char *kind)
{
    static const char *const foreign[] = {"tun", "bridge", "dummy", "ifb", "vcan", "nlmon"};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strcmp(kind, foreign[i]) == 0)
            return true;
    }
    return false;
}

static const char *link_kind(const struct nlattr *info)
{
    const struct net_attrs attrs = net_attrs_parse_nested(info);
    return attrs.by_type[IFLA_INFO_KIND] != NULL ? mnl_attr_get_str(attrs.by_type[IFLA_INFO_KIND]) : "";
}

static int each_link(const struct nlmsghdr *message, void *data)
{
    struct found *found = data;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    const struct net_attrs attrs = net_attrs_parse(message, sizeof(*link));
    struct net_interface interface = {.index = link->ifi_index};
    const void *mac = net_attrs_find(&attrs, IFLA_ADDRESS, sizeof(interface.mac));
    const struct nlattr *name = attrs.by_type[IFLA_IFNAME];
    const unsigned int unfit = IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP | IFF_SLAVE;

    if (link->ifi_type != ARPHRD_ETHER || (link->ifi_flags & IFF_UP) == 0 || (link->ifi_flags & unfit) != 0 ||
        mac == NULL || name == NULL || attrs.by_type[IFLA_MASTER] != NULL ||
        is_kind_foreign(link_kind(attrs.by_type[IFLA_LINKINFO])))
        return MNL_CB_OK;
    uint32_t mtu = net_attrs_find_u32(&attrs, IFLA_MTU, 0);
    interface.mtu = mtu < MTU_MAX ? (uint16_t)mtu : MTU_MAX;
    memcpy(interface.mac, mac, sizeof(interface.mac));
    snprintf(interface.name, sizeof(interface.name), "%s", mnl_attr_get_str(name));
    if (found->n < found->max)
        found->interfaces[found->n] = interface;
    found->n++;
    return MNL_CB_OK;
}

static int compare_index(const void *a, const void *b)
{
    const struct net_interface *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

static size_t find(const struct found *found, int32_t index)
{
    size_t i = 0;
    while (i < found->n && found->interfaces[i].index != index)
        i++;
    return i;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static int each_address(const struct nlmsghdr *message, void *data)
{
    struct found *found = data;
    const struct ifaddrmsg *address = mnl_nlmsg_get_payload(message);
    const struct net_attrs attrs = net_attrs_parse(message, sizeof(*address));
    size_t i = find(found, (int32_t)address->ifa_index);
    const void *ours = net_attrs_find_address(&attrs, address->ifa_family == AF_INET ? 4 : 16);

    if (i == found->n || (address->ifa_family != AF_INET && address->ifa_family != AF_INET6) ||
        ours == NULL || !net_attrs_is_usable_address(&attrs, address))
        return MNL_CB_OK;
    struct net_interface *interface = &found->interfaces[i];
    if (address->ifa_family == AF_INET && is_zero(interface->ipv4, 4)) {
        memcpy(interface->ipv4, ours, 4);
        interface->ipv4_prefix = address->ifa_prefixlen;
    } else if (address->ifa_family == AF_INET6) {
        memcpy(interface->ipv6, ours, 16);
        interface->ipv6_prefix = address->ifa_prefixlen;
    }
    return MNL_CB_OK;
}

static void take_gateway(struct found *found, int family, int32_t index, uint64_t metric, const void *gateway)
{
    size_t i = find(found, index);
    int which = family == AF_INET ? 0 : 1;
    if (i == found->n || metric >= found->metric[i][which])
        return;
    found->metric[i][which] = metric;
    if (family == AF_INET)
        memcpy(found->interfaces[i].ipv4_gateway, gateway, 4);
    else
        memcpy(found->interfaces[i].ipv6_gateway, gateway, 16);
}

/* A route with several next hops: each names its interface and gateway. */
static void take_next_hops(struct found *found, int family, uint64_t metric, const struct nlattr *list)
{
    const uint8_t *at = mnl_attr_get_payload(list);
    size_t left = mnl_attr_get_payload_len(list), size = family == AF_INET ? 4 : 16;
    struct rtnexthop hop;

    while (left >= sizeof(hop)) {
        memcpy(&hop, at, sizeof(hop));
        if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
            return;
        const struct net_attrs attrs = net_attrs_parse_bytes(at + sizeof(hop), hop.rtnh_len - sizeof(hop));
        const void *gateway = net_attrs_find(&attrs, RTA_GATEWAY, size);
        if (gateway != NULL)
            take_gateway(found, family, hop.rtnh_ifindex, metric, gateway);
        size_t step = RTNH_ALIGN(hop.rtnh_len);
        if (step > left)
            return;
        at += step;
        left -= step;
    }
}

static int each_route(const struct nlmsghdr *message, void *data)
{
    struct found *found = data;
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    const struct net_attrs attrs = net_attrs_parse(message, sizeof(*route));
    uint32_t metric = net_attrs_find_u32(&attrs, RTA_PRIORITY, 0);
    const void *gateway = net_attrs_find(&attrs, RTA_GATEWAY, route->rtm_family == AF_INET ? 4 : 16);

    if (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST || route->rtm_table != RT_TABLE_MAIN ||
        (route->rtm_family != AF_INET && route->rtm_family != AF_INET6))
        return MNL_CB_OK;
    if (gateway != NULL)
        take_gateway(found, route->rtm_family, (int32_t)net_attrs_find_u32(&attrs, RTA_OIF, 0), metric,
                     gateway);
    if (attrs.by_type[RTA_MULTIPATH] != NULL)
        take_next_hops(found, route->rtm_family, metric, attrs.by_type[RTA_MULTIPATH]);
    return MNL_CB_OK;
}

static int dump(struct netlink *nl, uint16_t type, size_t header_size, mnl_cb_t each, struct found *found,
                const char *what, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = netlink_begin(buf, type, 0);
    mnl_nlmsg_put_extra_header(request, header_size); /* all zero: every family, every interface */
    return netlink_dump(nl, request, each, found, what, err);
}

int net_scan_interfaces(struct netlink *nl, struct net_interface *interfaces, size_t max, size_t *out_n,
                        struct error *err)
{
    struct found found = {.interfaces = interfaces,
                          .max = max < NET_INTERFACES_MAX ? max : NET_INTERFACES_MAX};
    memset(found.metric, 0xff, sizeof(found.metric));

    if (dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg), each_link, &found, "list network interfaces", err) <
        0)
        return -1;
    if (found.n > found.max)
        return error_set(err, ERROR_REFUSED, "the network namespace has %zu interfaces, more than %zu",
                         found.n, found.max);
    qsort(interfaces, found.n, sizeof(*interfaces), compare_index);

    if (dump(nl, RTM_GETADDR, sizeof(struct ifaddrmsg), each_address, &found, "list IP addresses", err) < 0 ||
        dump(nl, RTM_GETROUTE, sizeof(struct rtmsg), each_route, &found, "list IP routes", err) < 0)
        return -1;
    *out_n = found.n;
    return 0;
}
