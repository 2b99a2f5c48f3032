/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings are those of ip-sysctl.rst (net.ipv4.conf.lo.accept_local and route_localnet). They are read
 * and written by rtnetlink's IFLA_INET_CONF, because /proc/sys shows the network namespace of whoever mounted
 * it, or is read-only.
 */
#include "net_loopback.h"

#include "net_attrs.h"
#include "net_steer.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define LO_INDEX     1
#define PARTY_PREFIX 64

/* IFLA_INET_CONF is read as an array of 32-bit numbers, the first of which is setting 1. */
static int take_link(const struct nlmsghdr *message, void *data)
{
    struct net_loopback *out = data;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    if (link->ifi_index != LO_INDEX)
        return MNL_CB_OK;
    struct net_attrs attrs = net_attrs_parse(message, sizeof(*link));
    struct net_attrs families = net_attrs_parse_nested(attrs.by_type[IFLA_AF_SPEC]);
    struct net_attrs inet = net_attrs_parse_nested(families.by_type[AF_INET]);
    const struct nlattr *conf = inet.by_type[IFLA_INET_CONF];
    if (conf == NULL || mnl_attr_get_payload_len(conf) < IPV4_DEVCONF_ROUTE_LOCALNET * sizeof(uint32_t))
        return MNL_CB_OK;
    const uint32_t *values = mnl_attr_get_payload(conf);
    out->accept_local = values[IPV4_DEVCONF_ACCEPT_LOCAL - 1] != 0;
    out->route_localnet = values[IPV4_DEVCONF_ROUTE_LOCALNET - 1] != 0;
    return MNL_CB_OK;
}

int net_loopback_find(struct netlink *nl, struct net_loopback *out, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    *out = (struct net_loopback){.accept_local = 0};
    struct nlmsghdr *request = netlink_begin(buf, RTM_GETLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
    link->ifi_family = AF_UNSPEC;
    return netlink_dump(nl, request, take_link, out, "read the settings of 'lo'", err);
}

static int set_settings(struct netlink *nl, const struct net_loopback *settings, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = netlink_begin(buf, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
    link->ifi_index = LO_INDEX;
    struct nlattr *families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
    struct nlattr *inet = mnl_attr_nest_start(request, AF_INET);
    struct nlattr *conf = mnl_attr_nest_start(request, IFLA_INET_CONF);
    mnl_attr_put_u32(request, IPV4_DEVCONF_ACCEPT_LOCAL, settings->accept_local);
    mnl_attr_put_u32(request, IPV4_DEVCONF_ROUTE_LOCALNET, settings->route_localnet);
    mnl_attr_nest_end(request, conf);
    mnl_attr_nest_end(request, inet);
    mnl_attr_nest_end(request, families);
    return netlink_request(nl, request, "set accept_local and route_localnet of 'lo'", err);
}

static int change_route(struct netlink *nl, uint16_t type, uint16_t flags, struct error *err)
{
    static const uint8_t parties[16] = NET_STEER_PARTY_IPV6;
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = netlink_begin(buf, type, flags);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
    *route = (struct rtmsg){.rtm_family = AF_INET6,
                            .rtm_dst_len = PARTY_PREFIX,
                            .rtm_table = RT_TABLE_LOCAL,
                            .rtm_protocol = RTPROT_STATIC,
                            .rtm_scope = RT_SCOPE_HOST,
                            .rtm_type = RTN_LOCAL}; /* the kernel makes other routes by lo "unreachable" */
    mnl_attr_put(request, RTA_DST, sizeof(parties), parties);
    mnl_attr_put_u32(request, RTA_OIF, LO_INDEX);
    return netlink_request(nl, request, "route the parties' IPv6 addresses", err);
}

int net_loopback_open(struct netlink *nl, bool has_ipv6, struct error *err)
{
    if (set_settings(nl, &(struct net_loopback){.accept_local = 1, .route_localnet = 1}, err) < 0)
        return -1;
    if (has_ipv6 && change_route(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, err) < 0 &&
        err->errnum != EEXIST)
        return -1;
    return 0;
}

/* ESRCH: there is no such route. The others: there is no IPv6. */
int net_loopback_close(struct netlink *nl, const struct net_loopback *before, struct error *err)
{
    if (change_route(nl, RTM_DELROUTE, 0, err) < 0 && err->errnum != ESRCH && err->errnum != EOPNOTSUPP &&
        err->errnum != EAFNOSUPPORT && err->errnum != ENODEV)
        return -1;
    return set_settings(nl, before, err);
}
