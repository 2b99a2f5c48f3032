/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest takes whole frames of at most MTU bytes (and the Ethernet header) with finished checksums. Without
 * IFF_VNET_HDR the kernel cannot pass segmentation or checksum work on through the descriptor, and
 * TUNSETOFFLOAD 0 withdraws the corresponding features from the interface, so that the kernel segments and
 * sums before a frame reaches the queue, whatever the sender's end of a veth pair has left undone.
 */
#include "net_tap.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static int make(const char *name, int *out_fd, struct error *err)
{
    _cleanup_close_ int fd = -1;
    struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL)};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);

    if (fd_open(AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        if (errno == EBUSY)
            return error_set(err, ERROR_STATE, "there is a tap of this name already");
        return error_errno(err, "ioctl TUNSETIFF");
    }
    if (ioctl(fd, TUNSETOFFLOAD, 0ul) < 0)
        return error_errno(err, "ioctl TUNSETOFFLOAD");
    *out_fd = take_fd(&fd);
    return 0;
}

/* One request for all of it: MTU, no IPv6 address of its own, up. */
static int set_up(struct netlink *nl, int32_t index, uint16_t mtu, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = netlink_begin(buf, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
    link->ifi_index = index;
    link->ifi_change = IFF_UP;
    link->ifi_flags = IFF_UP;
    mnl_attr_put_u32(request, IFLA_MTU, mtu);
    struct nlattr *families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
    struct nlattr *ipv6 = mnl_attr_nest_start(request, AF_INET6);
    mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(request, ipv6);
    mnl_attr_nest_end(request, families);

    struct error first;
    if (netlink_request(nl, request, "set it up", &first) == 0)
        return 0;
    if (first.errnum != EAFNOSUPPORT) {
        *err = first;
        return -1;
    }
    /* A kernel without IPv6 has no such attribute, and needs none. */
    mnl_attr_nest_cancel(request, families);
    return netlink_request(nl, request, "set it up", err);
}

int net_tap_open(struct netlink *nl, const char *name, uint16_t mtu, struct net_tap *out_tap,
                 struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (make(name, &fd, err) < 0)
        return error_wrap(err, "make tap '%s'", name);
    int32_t index = (int32_t)if_nametoindex(name);
    if (index == 0)
        return error_errno(err, "make tap '%s': find it again", name);
    if (set_up(nl, index, mtu, err) < 0)
        return error_wrap(err, "make tap '%s' with an MTU of %u", name, mtu);
    *out_tap = (struct net_tap){.fd = take_fd(&fd), .index = index};
    return 0;
}
