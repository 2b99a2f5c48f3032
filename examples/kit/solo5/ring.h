/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network ring (abi/ring.h), when the host offers it: frames without an exit each.
 *
 * There is one ring for all devices and one answer for each question, so a program receives in one way: with
 * buffers that it posts itself, or by solo5_net_read().
 */
#ifndef SOLO5_RING_H
#define SOLO5_RING_H

#include "abi/ring.h"
#include "solo5.h"

#include <stdbool.h>

/* The host's ring, or NULL. */
struct ring *ring_find(void);

/*
 * Sends a frame of at most RING_BUF_BYTES, which is the caller's again when this returns. A lazy one may wait
 * for the next solo5_yield(), if the host serves the ring then.
 */
void ring_write(struct ring *ring, solo5_handle_t handle, const uint8_t *frame, size_t size, bool is_lazy);

/* Receives a frame, if there is one now. */
solo5_result_t ring_read(struct ring *ring, solo5_handle_t handle, uint8_t *buf, size_t size,
                         size_t *read_size);

/* Whether the host takes posted buffers. */
bool ring_can_post(void);

/* Posts a buffer: the host's until ring_take() hands out its id. At most RING_POSTS_MAX at a time. */
#define RING_POSTS_MAX 64
void ring_post(struct ring *ring, solo5_handle_t handle, void *buf, size_t size, uint32_t id);

/*
 * Takes back a posted buffer. Returns false when none has come back; *size is 0 when nothing was received
 * into it.
 */
bool ring_take(struct ring *ring, uint32_t *id, size_t *size);

/*
 * Looks whether something comes back, for a moment that is never longer than longest, if the host receives by
 * itself and everything has been sent: that spares an exit. Returns false when only a poll can tell.
 */
bool ring_wait_for_commit(const struct ring *ring, solo5_time_t longest);

/* solo5_yield() tells that it is called: what was received has been answered by now. */
void ring_note_yield(void);

/* Whether something was received and perhaps not answered yet, since the last yield. */
bool ring_is_answering(void);

#endif
