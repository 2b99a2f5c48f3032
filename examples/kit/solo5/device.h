/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest as the monitor filled it in: which devices there are. */
#ifndef SOLO5_DEVICE_H
#define SOLO5_DEVICE_H

#include "abi/note.h"
#include "solo5.h"

/*
 * Finds the device with this name and type, once: NULL when there is none or when it was handed out before. A
 * device that the host did not attach ends the guest.
 */
const struct manifest_entry *device_acquire(const char *name, enum manifest_type type,
                                            solo5_handle_t *handle);

/* The device of a handle; NULL when the handle is not one of this type. */
const struct manifest_entry *device_get(solo5_handle_t handle, enum manifest_type type);

#endif
