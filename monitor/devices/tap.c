/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

static int use_descriptor(const char *number, int *out_fd, struct ifreq *ifr, struct error *err)
{
    uint64_t n;
    if (num_parse_u64(number, INT_MAX, &n, "a descriptor", err) < 0)
        return -1;
    int fd = (int)n;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return error_errno(err, "use descriptor %d", fd);
    if (ioctl(fd, TUNGETIFF, ifr) < 0)
        return error_errno(err, "find the interface of descriptor %d", fd);
    *out_fd = fd;
    return 0;
}

/* Interfaces spring up when one attaches to a name that does not exist: so look first. */
static int check_interface(int sock, struct ifreq *ifr, struct error *err)
{
    if (ioctl(sock, SIOCGIFFLAGS, ifr) < 0)
        return error_errno(err, "find the interface");
    if ((ifr->ifr_flags & (IFF_UP | IFF_RUNNING)) == 0)
        return error_number(err, ENETDOWN, "use the interface");
    return 0;
}

static int open_interface(int sock, const char *name, int *out_fd, struct ifreq *ifr, struct error *err)
{
    _cleanup_close_ int fd = -1;

    if (strlen(name) >= IFNAMSIZ)
        return error_number(err, ENAMETOOLONG, "use the name");
    memcpy(ifr->ifr_name, name, strlen(name) + 1);
    if (check_interface(sock, ifr, err) < 0 ||
        fd_open(AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    ifr->ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, ifr) < 0)
        return error_errno(err, "attach to the interface");
    if (strcmp(ifr->ifr_name, name) != 0)
        return error_number(err, EINVAL, "attach to the interface");
    *out_fd = take_fd(&fd);
    return 0;
}

/* Guests take no frame that is longer than the MTU, so the kernel must not merge segments. */
static void disable_offloads(int sock, struct ifreq *ifr)
{
    static const uint32_t commands[] = {ETHTOOL_SGRO, ETHTOOL_SGSO};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct ethtool_value value = {.cmd = commands[i]};
        ifr->ifr_data = (void *)&value;
        /* Not every kernel lets every interface; those that do not never merged any. */
        (void)ioctl(sock, SIOCETHTOOL, ifr);
    }
}

int tap_attach(const char *source, int *out_fd, uint16_t *out_mtu, struct error *err)
{
    struct ifreq ifr = {0};
    int fd = -1;
    _cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return error_errno(err, "open a socket");

    int attached = source[0] == '@' ? use_descriptor(source + 1, &fd, &ifr, err)
                                    : open_interface(sock, source, &fd, &ifr, err);
    if (attached < 0)
        return -1;
    _cleanup_close_ int owned = fd;
    if (ioctl(sock, SIOCGIFMTU, &ifr) < 0)
        return error_errno(err, "get the interface's MTU");
    *out_mtu = (uint16_t)(ifr.ifr_mtu < UINT16_MAX ? ifr.ifr_mtu : UINT16_MAX);
    disable_offloads(sock, &ifr);
    *out_fd = take_fd(&owned);
    return 0;
}

int tap_make_mac(uint8_t mac[6], struct error *err)
{
    if (getrandom(mac, 6, 0) != 6)
        return error_errno(err, "make a network address");
    mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02);
    return 0;
}
