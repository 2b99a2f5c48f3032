/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The namespaces of a container's process (namespaces(7), runtime-spec config-linux.md "Namespaces").
 *
 * In the order of a life:
 *
 *  - runtime: namespace_plan_init    what to make and what to join, from the configuration; no effect
 *  - runtime: namespace_plan_open    opens and checks the namespaces to join
 *  - child:   namespace_enter        joins and makes them
 *  - runtime: namespace_serve        meanwhile, gives the child the maps of its user namespace
 *  - child:   fork                   if namespace_needs_fork: only children get into a pid or time namespace
 *  - inside:  namespace_set_up       host name, loopback, parameters, mount propagation: still privileged
 *  - runtime: namespace_plan_release
 */
#ifndef NAMESPACE_H
#define NAMESPACE_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stdbool.h>
#include <sys/types.h>

enum namespace_choice {
    NAMESPACE_INHERIT, /* the runtime's own */
    NAMESPACE_MAKE,    /* a fresh one */
    NAMESPACE_JOIN     /* the one that the path names */
};

struct namespace_plan {
    const struct config *config; /* borrowed: must outlive the plan */
    struct {
        enum namespace_choice choice;
        int fd; /* JOIN: open after namespace_plan_open; else -1 */
    } ns[CONFIG_NAMESPACE_COUNT];
};

/* An empty one: namespace_plan_release() of it does nothing. */
#define NAMESPACE_PLAN_NONE ((struct namespace_plan){.ns = {[0 ... CONFIG_NAMESPACE_COUNT - 1] = {.fd = -1}}})

/*
 * Fills the plan. Refuses what the configuration's own checks let through: a new user namespace without
 * mappings for user and group 0 of the container, and parameters (linux.sysctl) of the whole host.
 */
int namespace_plan_init(struct namespace_plan *plan, const struct config *config, struct error *err);

/*
 * Opens what is to be joined, and checks that each path is a namespace of its kind (ioctl_ns(2)). A path that
 * names the runtime's own namespace is turned into NAMESPACE_INHERIT. Then a host name or a parameter that
 * would be the host's is ERROR_REFUSED.
 */
int namespace_plan_open(struct namespace_plan *plan, struct error *err);

/* Closes what namespace_plan_open opened. */
void namespace_plan_release(struct namespace_plan *plan);

/* Whether the process that entered must fork, for its child to be inside the pid or time namespace. */
bool namespace_needs_fork(const struct namespace_plan *plan);

/*
 * In the child: joins and makes all namespaces of the plan. sync is one end of a stream socket pair whose
 * other end namespace_serve() of the runtime has. After it the process is user 0 and group 0, with no other
 * group, of a user namespace that it made or joined. On failure the process is somewhere in between and must
 * end.
 */
int namespace_enter(const struct namespace_plan *plan, int sync, struct error *err);

/*
 * In the runtime, while the child pid is in namespace_enter: writes the user namespace's maps. Returns when
 * the child has entered, and with ERROR_SYSTEM when it has failed or died.
 */
int namespace_serve(const struct namespace_plan *plan, pid_t pid, int sync, struct error *err);

/*
 * In the container's process, inside, before privileges are dropped: sets the propagation of a new mount
 * namespace's mounts (nothing is ever sent to the host), sets host and domain name, brings up lo in a new
 * network namespace, writes linux.sysctl.
 */
int namespace_set_up(const struct namespace_plan *plan, struct error *err);

/* The network namespace that the process pid is in, for net_attach; the caller's to close. */
int namespace_open_network(pid_t pid, int *out_fd, struct error *err);

#endif
