/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame between guest memory and a network device's tap: what the hypercalls (dev_net.c) and the ring
 * (ring.h) have in common. Any thread may call it.
 *
 * A network may lose frames: what the tap has no room for, or what is sent while the interface is down, is
 * dropped as a switch would drop it.
 */
#ifndef DEV_NET_H
#define DEV_NET_H

#include "guest.h"

#include <stdint.h>

/* Sends len bytes. Returns a RESULT_* (abi/hypercall.h). */
int32_t dev_net_send(struct guest *guest, const struct device *device, const void *frame, uint64_t len);

/*
 * Receives one frame, cut off after room bytes. Returns a RESULT_*: RESULT_AGAIN when there is none. *out_len
 * is set with RESULT_OK only.
 */
int32_t dev_net_receive(struct guest *guest, const struct device *device, void *frame, uint64_t room,
                        uint64_t *out_len);

#endif
