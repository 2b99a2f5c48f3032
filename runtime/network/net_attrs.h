/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of rtnetlink(7) messages. */
#ifndef NET_ATTRS_H
#define NET_ATTRS_H

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By their type; a type that comes twice counts the last time. They borrow the message. */
struct net_attrs {
    const struct nlattr *by_type[64];
};

/* Those behind a message's header of header_size bytes, inside an attribute (NULL: none), or of any bytes. */
struct net_attrs net_attrs_parse(const struct nlmsghdr *message, size_t header_size);
struct net_attrs net_attrs_parse_nested(const struct nlattr *attr);
struct net_attrs net_attrs_parse_bytes(const void *bytes, size_t size);

/* The payload if it is there and has the expected size, else NULL. */
const void *net_attrs_find(const struct net_attrs *attrs, int type, size_t size);
uint32_t net_attrs_find_u32(const struct net_attrs *attrs, int type, uint32_t otherwise);

/* Of an RTM_NEWADDR message, the interface's own address of size bytes, or NULL. */
const void *net_attrs_find_address(const struct net_attrs *attrs, size_t size);

/* Whether that one is good for a guest: of more than the link, lasting, and nobody else's. */
bool net_attrs_is_usable_address(const struct net_attrs *attrs, const struct ifaddrmsg *head);

#endif
