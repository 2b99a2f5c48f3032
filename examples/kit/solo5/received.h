/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that the host has received into buffers of the kit's own (ring.h), for solo5_net_read(): of one
 * device, the one that is read from first.
 */
#ifndef SOLO5_RECEIVED_H
#define SOLO5_RECEIVED_H

#include "abi/note.h"
#include "solo5.h"

#include <stdbool.h>

/* Whether the device of this handle is that one; makes it so if there is none and the host takes posted
 * buffers. */
bool received_is_for(solo5_handle_t handle, const struct manifest_entry *device);

/* Takes the next frame, cut off after size bytes. */
solo5_result_t received_read(uint8_t *buf, size_t size, size_t *read_size);

/* The device's bit when a frame is there. */
solo5_handle_set_t received_ready(void);

#endif
