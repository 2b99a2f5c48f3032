/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the guest's network devices takes which interface. Pure. */
#ifndef NET_PLAN_H
#define NET_PLAN_H

#include "base/error.h"
#include "net.h"

#include <stddef.h>

/*
 * For each request the index of its interface in interfaces: first those that are named, then the others, in
 * order, get what is left. An interface that is not there, or wanted twice, is ERROR_INPUT.
 */
int net_plan(const struct net_interface *interfaces, size_t n_interfaces, const struct net_request *requests,
             size_t n_requests, size_t *out_choice, struct error *err);

#endif
