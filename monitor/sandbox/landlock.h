/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (Documentation/userspace-api/landlock.rst): a process gives up its rights to files, TCP ports,
 * abstract sockets and other processes' signals, without privilege. Descriptors that are open stay usable.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "base/error.h"

/*
 * Gives up everything that this kernel's Landlock knows; on a kernel without it, that is nothing. Needs
 * no_new_privs.
 */
int landlock_give_up_all(struct error *err);

#endif
