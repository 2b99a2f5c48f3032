/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices as memory, where the host shows them so: wherry's monitor does (abi/boot.h, struct
 * boot_window), others do not. A program that does not care uses solo5_block_read(), which takes its bytes
 * from here whenever that is cheaper than to ask the host.
 */
#ifndef KIT_WINDOW_H
#define KIT_WINDOW_H

#include "solo5.h"

/*
 * The size bytes at offset of a block device, as memory: to be read, and never to be written. NULL when there
 * is no such memory, or when a copy by solo5_block_read() is the cheaper way this time.
 *
 * The memory stays where it is for good. It shows the device as it is at any time, so a write to the device
 * changes it. Reading what the host cannot read any more ends the guest.
 */
const void *window_view(solo5_handle_t device, solo5_off_t offset, size_t size);

#endif
