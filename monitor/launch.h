/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's side of the launch protocol (monitor/launch.h describes it): receives the two messages with
 * their descriptors, checks their form, and answers. What the descriptors are good for, and whether the
 * manifest agrees, is for those who use them.
 *
 * The checks are pure and separate from the I/O, so that they can be fuzzed.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "base/error.h"
#include "monitor/launch.h"

#include <stddef.h>
#include <stdint.h>

/* A launch that was received and checked. About 40 KiB: not for the stack. */
struct launch {
    struct launch_message message;
    int fds[LAUNCH_FDS_MAX]; /* message.n_fds of them, in the order of message.fds; owned, -1 once taken */
};

/* A start that was received and checked. */
struct start {
    struct start_message message;
    int taps[LAUNCH_NETS_MAX]; /* message.n_nets of them; owned, -1 once taken */
};

/*
 * Checks a launch message of size bytes: magic, version, sizes, counts, names, flags, and that each role has
 * as many descriptors as it needs. ERROR_INPUT names the field.
 */
int launch_check(const struct launch_message *message, size_t size, struct error *err);

/* The same for a start message. */
int launch_check_start(const struct start_message *message, size_t size, struct error *err);

/*
 * Receives the launch from sock: the message and all its descriptors. On success out owns them
 * (launch_release); on failure nothing stays open.
 */
int launch_receive(int sock, struct launch *out, struct error *err);

/* Receives the start from sock, in the same manner (launch_release_start). */
int launch_receive_start(int sock, struct start *out, struct error *err);

/* Closes what has not been taken. */
void launch_release(struct launch *launch);
void launch_release_start(struct start *start);

/*
 * The descriptor of a role that has one (not LAUNCH_FD_DATA), or -1. device is 0 for those that belong to no
 * block device. It stays launch's.
 */
int launch_get_fd(const struct launch *launch, enum launch_fd_role role, uint32_t device);

/* Takes that descriptor out of launch; the caller owns it. */
int launch_take_fd(struct launch *launch, enum launch_fd_role role, uint32_t device);

/* Takes the data files of a block device, in their order. Returns how many; out has LAUNCH_FDS_MAX places. */
size_t launch_take_data(struct launch *launch, uint32_t device, int *out);

/* Sends the reply: failure is NULL for "as hoped". */
int launch_reply(int sock, const struct error *failure, struct error *err);

#endif
