/* SPDX-License-Identifier: Apache-2.0 */
/* What block devices tell windows. */
#ifndef SOLO5_WINDOW_H
#define SOLO5_WINDOW_H

#include "solo5.h"

/* These bytes of the device, which lie inside it, have been written. */
void window_note_write(solo5_handle_t device, solo5_off_t offset, size_t size);

#endif
