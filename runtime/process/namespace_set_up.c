/* SPDX-License-Identifier: Apache-2.0 */
/* What is done inside, by the container's process itself: with the privileges that it has there, and no
 * others. */
#include "base/cleanup.h"
#include "namespace.h"
#include "sysctl.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* A new mount namespace begins as a peer of the host's: a mount made here would appear there. Slave first,
 * always. */
static int set_propagation(enum config_propagation propagation, struct error *err)
{
    static const unsigned long flags[] = {
        [CONFIG_PROPAGATION_UNSET] = MS_PRIVATE,         [CONFIG_PROPAGATION_PRIVATE] = MS_PRIVATE,
        [CONFIG_PROPAGATION_SLAVE] = MS_SLAVE,           [CONFIG_PROPAGATION_SHARED] = MS_SHARED,
        [CONFIG_PROPAGATION_UNBINDABLE] = MS_UNBINDABLE,
    };
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
        mount(NULL, "/", NULL, flags[propagation] | MS_REC, NULL) < 0)
        return error_errno(err, "set the propagation of mounts");
    return 0;
}

static int bring_up_loopback(struct error *err)
{
    struct ifreq request = {.ifr_name = "lo"};
    _cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sock < 0 || ioctl(sock, SIOCGIFFLAGS, &request) < 0)
        return error_errno(err, "bring up the loopback interface");
    request.ifr_flags |= IFF_UP;
    if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
        return error_errno(err, "bring up the loopback interface");
    return 0;
}

static int set_names(const struct config *config, struct error *err)
{
    if (config->hostname != NULL && sethostname(config->hostname, strlen(config->hostname)) < 0)
        return error_errno(err, "set the host name '%s'", config->hostname);
    if (config->domainname != NULL && setdomainname(config->domainname, strlen(config->domainname)) < 0)
        return error_errno(err, "set the domain name '%s'", config->domainname);
    return 0;
}

int namespace_set_up(const struct namespace_plan *plan, struct error *err)
{
    const struct config *config = plan->config;
    if (plan->ns[CONFIG_NAMESPACE_MOUNT].choice == NAMESPACE_MAKE &&
        set_propagation(config->rootfs_propagation, err) < 0)
        return -1;
    if (set_names(config, err) < 0)
        return -1;
    if (plan->ns[CONFIG_NAMESPACE_NETWORK].choice == NAMESPACE_MAKE && bring_up_loopback(err) < 0)
        return -1;
    for (size_t i = 0; i < config->sysctl.n; i++) {
        if (sysctl_write(config->sysctl.pairs[i].key, config->sysctl.pairs[i].value, err) < 0)
            return -1;
    }
    return 0;
}
