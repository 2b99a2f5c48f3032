/* SPDX-License-Identifier: Apache-2.0 */
#include "net_attrs.h"

#include <linux/rtnetlink.h>
#include <string.h>

static int keep_attr(const struct nlattr *attr, void *data)
{
    struct net_attrs *attrs = data;
    if (mnl_attr_get_type(attr) < sizeof(attrs->by_type) / sizeof(attrs->by_type[0]))
        attrs->by_type[mnl_attr_get_type(attr)] = attr;
    return MNL_CB_OK;
}

struct net_attrs net_attrs_parse(const struct nlmsghdr *message, size_t header_size)
{
    struct net_attrs attrs = {{NULL}};
    mnl_attr_parse(message, (unsigned int)header_size, keep_attr, &attrs);
    return attrs;
}

struct net_attrs net_attrs_parse_nested(const struct nlattr *attr)
{
    struct net_attrs attrs = {{NULL}};
    if (attr != NULL)
        mnl_attr_parse_nested(attr, keep_attr, &attrs);
    return attrs;
}

struct net_attrs net_attrs_parse_bytes(const void *bytes, size_t size)
{
    struct net_attrs attrs = {{NULL}};
    mnl_attr_parse_payload(bytes, size, keep_attr, &attrs);
    return attrs;
}

const void *net_attrs_find(const struct net_attrs *attrs, int type, size_t size)
{
    const struct nlattr *attr = attrs->by_type[type];
    return attr != NULL && mnl_attr_get_payload_len(attr) == size ? mnl_attr_get_payload(attr) : NULL;
}

uint32_t net_attrs_find_u32(const struct net_attrs *attrs, int type, uint32_t otherwise)
{
    uint32_t value = otherwise;
    const void *payload = net_attrs_find(attrs, type, sizeof(value));
    if (payload != NULL)
        memcpy(&value, payload, sizeof(value));
    return value;
}

/* IFA_ADDRESS is the other end of a point-to-point address; IFA_LOCAL, where it is given, is ours. */
const void *net_attrs_find_address(const struct net_attrs *attrs, size_t size)
{
    const void *ours = net_attrs_find(attrs, IFA_LOCAL, size);
    return ours != NULL ? ours : net_attrs_find(attrs, IFA_ADDRESS, size);
}

bool net_attrs_is_usable_address(const struct net_attrs *attrs, const struct ifaddrmsg *head)
{
    uint32_t flags = net_attrs_find_u32(attrs, IFA_FLAGS, head->ifa_flags);
    if (head->ifa_family == AF_INET6 && (flags & (IFA_F_TEMPORARY | IFA_F_DEPRECATED)) != 0)
        return false;
    return head->ifa_scope == RT_SCOPE_UNIVERSE && (flags & IFA_F_DADFAILED) == 0;
}
