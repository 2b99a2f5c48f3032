/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to a frame that an interface of the calling process's network namespace has received, before
 * the namespace's own stack sees it: one filter of ours at the clsact ingress hook (tc(8)).
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "base/error.h"
#include "netlink.h"

#include <stdint.h>

/* Sends every frame that one interface receives out by the other. Replaces our earlier filter there. */
int net_filter_redirect(struct netlink *nl, int32_t from, int32_t to, struct error *err);

/* Lets a BPF program (BPF_PROG_TYPE_SCHED_CLS, "direct action") decide. Replaces our earlier filter there. */
int net_filter_run(struct netlink *nl, int32_t index, int program_fd, struct error *err);

/* The id of the program that net_filter_run put there; 0 if there is none. */
int net_filter_find(struct netlink *nl, int32_t index, uint32_t *out_program_id, struct error *err);

/* Removes our filter. None there, or no such interface: no error. Filters of others stay. */
int net_filter_remove(struct netlink *nl, int32_t index, struct error *err);

#endif
