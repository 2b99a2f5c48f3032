/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives a guest its devices, each at the place of its manifest entry, and checks that none is missing.
 * Whatever is attached belongs to the guest then (guest_release()).
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "base/error.h"
#include "guest.h"

#include <stdint.h>

/* entry is one of guest->manifest's, a block device. The overlay is taken over. */
int attach_block(struct guest *guest, struct manifest_entry *entry, struct overlay *overlay,
                 uint32_t block_size, struct error *err);

/* entry is one of guest->manifest's, a network device. fd is taken over, and non-blocking. */
int attach_net(struct guest *guest, struct manifest_entry *entry, int fd, const uint8_t mac[6], uint16_t mtu,
               struct error *err);

/* ERROR_INPUT, with the first one's name, when the manifest declares a device of type that is not attached.
 */
int attach_check(const struct guest *guest, uint32_t type, struct error *err);

#endif
