/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor as a container's process: the other side of the launch protocol (monitor/launch.h).
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include "base/error.h"

/* The exit status of a container that could not be set up. */
#define CONTAINER_EXIT_SETUP 125

/*
 * Serves one launch on LAUNCH_SOCKET_FD and runs its guest. Returns the exit status. A failure has been
 * told to whoever waits for a reply; when nobody does, -1 with err.
 */
int container_main(struct error *err);

#endif
