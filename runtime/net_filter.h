/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redirection between two interfaces of the calling process's network namespace: every frame that one
 * receives is sent out by the other, before the namespace's own stack sees it (tc(8): a filter at the clsact
 * ingress hook).
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "base/error.h"
#include "netlink.h"

#include <stdint.h>

/* How the kernel moves the frames. Both do the same; a kernel may lack one or the other. */
enum net_filter_method {
    NET_FILTER_U32, /* u32 classifier and mirred action */
    NET_FILTER_BPF  /* a BPF program of four instructions */
};

/* Redirects from one interface to the other, and replaces a redirection that was there: the first method that
 * works. */
int net_filter_redirect(struct netlink *nl, int32_t from, int32_t to, struct error *err);

/* The same by one method. ERROR_SYSTEM with errnum ENOENT or EOPNOTSUPP: the kernel has no such thing. */
int net_filter_redirect_by(struct netlink *nl, enum net_filter_method method, int32_t from, int32_t to,
                           struct error *err);

/* Removes a redirection. None there, or no such interface: no error. Filters of others stay. */
int net_filter_remove(struct netlink *nl, int32_t from, struct error *err);

#endif
