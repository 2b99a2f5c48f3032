/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a frame before the namespace's own stack sees it, or after it has sent it: filters of ours
 * at the clsact hooks (tc(8)) of the interfaces of the calling process's network namespace.
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "base/error.h"
#include "netlink.h"

#include <stdint.h>

enum net_hook { NET_INGRESS, NET_EGRESS };

/* Where a filter is: several of ours at one hook have different numbers; the newest runs first. */
struct net_filter_place {
    int32_t interface;
    enum net_hook hook;
    uint32_t number; /* not 0 */
};

/* Sends every frame that one interface receives out by the other: number 1. Replaces our filter there. */
int net_filter_redirect(struct netlink *nl, int32_t from, int32_t to, struct error *err);

/* Lets a BPF program (BPF_PROG_TYPE_SCHED_CLS, "direct action") decide. Replaces our filter there. */
int net_filter_run(struct netlink *nl, const struct net_filter_place *place, int program_fd,
                   struct error *err);

/* The id of a program that net_filter_run() put there, with that number (0: the oldest); 0 if there is none.
 */
int net_filter_find(struct netlink *nl, const struct net_filter_place *place, uint32_t *out_program_id,
                    struct error *err);

/*
 * Removes our filter, number 0: all that are at the hook. None there, or no such interface: no error. Filters
 * of others stay, and if there are none, the hooks go as well.
 */
int net_filter_remove(struct netlink *nl, const struct net_filter_place *place, struct error *err);

#endif
