/* SPDX-License-Identifier: Apache-2.0 */
/* Tap interfaces of the host (Documentation/networking/tuntap.rst), for the stand-alone monitor. */
#ifndef TAP_H
#define TAP_H

#include "base/error.h"

#include <stdint.h>

/*
 * Attaches to an existing interface that is up, or with "@N" takes descriptor N, which is attached already.
 * The descriptor is non-blocking and carries bare Ethernet frames. *out_mtu is the interface's.
 */
int tap_attach(const char *source, int *out_fd, uint16_t *out_mtu, struct error *err);

/* A random unicast address that is locally administered. */
int tap_make_mac(uint8_t mac[6], struct error *err);

#endif
