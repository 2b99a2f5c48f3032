/* SPDX-License-Identifier: Apache-2.0 */
#include "net_plan.h"

#include <string.h>

static int choose_named(const struct net_interface *interfaces, size_t n, const struct net_request *request,
                        const char **owner, size_t *out_choice, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(interfaces[i].name, request->interface) != 0)
            continue;
        if (owner[i] != NULL)
            return error_set(err, ERROR_INPUT, "network device '%s': interface '%s' is taken by device '%s'",
                             request->device, request->interface, owner[i]);
        owner[i] = request->device;
        *out_choice = i;
        return 0;
    }
    return error_set(
        err, ERROR_INPUT,
        "network device '%s': no interface '%s' in the network namespace that a guest can take over",
        request->device, request->interface);
}

static int choose_next(size_t n, const struct net_request *request, const char **owner, size_t *out_choice,
                       struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (owner[i] != NULL)
            continue;
        owner[i] = request->device;
        *out_choice = i;
        return 0;
    }
    return error_set(err, ERROR_INPUT,
                     "network device '%s': no interface for it: the network namespace has %zu",
                     request->device, n);
}

int net_plan(const struct net_interface *interfaces, size_t n_interfaces, const struct net_request *requests,
             size_t n_requests, size_t *out_choice, struct error *err)
{
    const char *owner[NET_INTERFACES_MAX] = {NULL};
    if (n_interfaces > NET_INTERFACES_MAX)
        return error_set(err, ERROR_BUG, "plan %zu network interfaces", n_interfaces);

    for (size_t i = 0; i < n_requests; i++) {
        if (requests[i].interface != NULL &&
            choose_named(interfaces, n_interfaces, &requests[i], owner, &out_choice[i], err) < 0)
            return -1;
    }
    for (size_t i = 0; i < n_requests; i++) {
        if (requests[i].interface == NULL &&
            choose_next(n_interfaces, &requests[i], owner, &out_choice[i], err) < 0)
            return -1;
    }
    return 0;
}
