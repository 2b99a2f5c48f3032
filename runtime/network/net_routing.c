/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two dumps, of addresses and of routes. What net_scan.c has taken from them already is recognised by its
 * value: the address and the gateway that an interface's description has.
 */
#include "net_routing.h"

#include "net_attrs.h"

#include <linux/rtnetlink.h>
#include <string.h>

struct reading {
    const struct net_interface *interfaces;
    size_t n;
    struct net_routing *out;
};

static size_t family_size(int family)
{
    return family == AF_INET ? 4 : 16;
}

static bool is_ip(int family)
{
    return family == AF_INET || family == AF_INET6;
}

/* The interface with this index; n if it is none of them. */
static size_t find(const struct reading *reading, int32_t index)
{
    size_t i = 0;
    while (i < reading->n && reading->interfaces[i].index != index)
        i++;
    return i;
}

static int each_address(const struct nlmsghdr *message, void *data)
{
    struct reading *reading = data;
    const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
    const struct net_attrs attrs = net_attrs_parse(message, sizeof(*head));
    const size_t i = find(reading, (int32_t)head->ifa_index), size = family_size(head->ifa_family);
    const void *ours = net_attrs_find_address(&attrs, size);

    if (i == reading->n || !is_ip(head->ifa_family) || ours == NULL ||
        !net_attrs_is_usable_address(&attrs, head))
        return MNL_CB_OK;
    const struct net_interface *interface = &reading->interfaces[i];
    if (memcmp(ours, head->ifa_family == AF_INET ? interface->ipv4 : interface->ipv6, size) == 0)
        return MNL_CB_OK;
    if (reading->out->n_addresses == START_ADDRESSES_MAX) {
        reading->out->is_cut = true;
        return MNL_CB_OK;
    }
    struct start_address *address = &reading->out->addresses[reading->out->n_addresses++];
    *address = (struct start_address){
        .net = (uint32_t)i, .family = head->ifa_family == AF_INET ? 4 : 6, .prefix = head->ifa_prefixlen};
    memcpy(address->address, ours, size);
    return MNL_CB_OK;
}

/* A route of the main table to one place, which somebody has set. */
static bool is_wanted(const struct rtmsg *route)
{
    return is_ip(route->rtm_family) && route->rtm_type == RTN_UNICAST && route->rtm_table == RT_TABLE_MAIN &&
           route->rtm_protocol != RTPROT_KERNEL;
}

static int each_route(const struct nlmsghdr *message, void *data)
{
    struct reading *reading = data;
    const struct rtmsg *head = mnl_nlmsg_get_payload(message);
    const struct net_attrs attrs = net_attrs_parse(message, sizeof(*head));
    const size_t size = family_size(head->rtm_family);
    const size_t i = find(reading, (int32_t)net_attrs_find_u32(&attrs, RTA_OIF, 0));
    const void *destination = net_attrs_find(&attrs, RTA_DST, size);
    const void *gateway = net_attrs_find(&attrs, RTA_GATEWAY, size);

    if (i == reading->n || !is_wanted(head) || (head->rtm_dst_len != 0 && destination == NULL) ||
        (head->rtm_dst_len == 0 && gateway != NULL))
        return MNL_CB_OK;
    if (reading->out->n_routes == START_ROUTES_MAX) {
        reading->out->is_cut = true;
        return MNL_CB_OK;
    }
    struct start_route *route = &reading->out->routes[reading->out->n_routes++];
    *route = (struct start_route){
        .net = (uint32_t)i, .family = head->rtm_family == AF_INET ? 4 : 6, .prefix = head->rtm_dst_len};
    if (destination != NULL)
        memcpy(route->destination, destination, size);
    if (gateway != NULL)
        memcpy(route->gateway, gateway, size);
    return MNL_CB_OK;
}

int net_routing_read(struct netlink *nl, const struct net_interface *interfaces, size_t n,
                     struct net_routing *out, struct error *err)
{
    struct reading reading = {.interfaces = interfaces, .n = n, .out = out};
    char buf[NETLINK_REQUEST_SIZE];

    *out = (struct net_routing){.is_cut = false};
    struct nlmsghdr *request = netlink_begin(buf, RTM_GETADDR, 0);
    mnl_nlmsg_put_extra_header(request, sizeof(struct ifaddrmsg));
    if (netlink_dump(nl, request, each_address, &reading, "list IP addresses", err) < 0)
        return -1;
    request = netlink_begin(buf, RTM_GETROUTE, 0);
    mnl_nlmsg_put_extra_header(request, sizeof(struct rtmsg));
    return netlink_dump(nl, request, each_route, &reading, "list IP routes", err);
}
