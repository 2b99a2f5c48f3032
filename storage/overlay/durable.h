/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that are on the disk when they return. */
#ifndef OVERLAY_DURABLE_H
#define OVERLAY_DURABLE_H

#include "overlay/result.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Writes len bytes at off. One system call writes and waits for the disk (pwritev2(2) with RWF_DSYNC),
 * because a monitor's list of calls is short.
 */
enum overlay_result durable_write(int fd, const void *bytes, size_t len, uint64_t off);

#endif
