/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a health check (oci-spec/probe.h) over the guest's network.
 *
 * The connection is made from the caller's network namespace, as an engine's own probes and published ports
 * come: inside the container's namespace the guest's address belongs to the namespace, not to the guest.
 */
#ifndef PROBE_GUEST_H
#define PROBE_GUEST_H

#include "net.h"

#include "base/error.h"
#include "oci-spec/probe.h"

/* 0: the guest at the interface's address is healthy. Otherwise the error says what is wrong with it. */
int probe_guest(const struct probe *probe, const struct net_interface *interface, struct error *err);

#endif
