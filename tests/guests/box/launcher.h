/* SPDX-License-Identifier: Apache-2.0 */
/* Launches and starts a monitor as the runtime does (monitor/launch.h), for a guest without block devices. */
#ifndef LAUNCHER_H
#define LAUNCHER_H

#include "monitor/launch.h"

#include <stdint.h>
#include <sys/types.h>

struct launched {
    pid_t pid;
    char control[64]; /* the name of its control socket, in the abstract name space */
    int output_fd;    /* what it prints, on both descriptors */
};

/* Launches, without any capability; the monitor waits for its start. */
void launcher_launch(const char *monitor, const char *guest, struct launched *out);

/* The same with more of a launch message's flags. */
void launcher_launch_with(const char *monitor, const char *guest, uint32_t flags, struct launched *out);

/* Starts; the guest has executed its first instruction. */
void launcher_start(const struct launched *launched);

/* The same for a guest with a network device "net", whose tap is tap_fd; it stays the caller's. */
void launcher_start_net(const struct launched *launched, int tap_fd);

/* The same for one with two, "net" and "other". */
void launcher_start_nets(const struct launched *launched, const int tap_fds[2]);

/* Waits for its end and returns its wait status. */
int launcher_wait(struct launched *launched);

#endif
