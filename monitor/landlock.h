/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock (Documentation/userspace-api/landlock.rst): a process gives up its rights to files, TCP ports,
 * abstract sockets and other processes' signals, without privilege. Descriptors that are open stay usable.
 */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include "base/error.h"

/*
 * Gives up everything that this kernel's Landlock knows. Needs no_new_privs. ERROR_SYSTEM with EOPNOTSUPP or
 * ENOSYS when the kernel has none.
 */
int landlock_give_up_all(struct error *err);

#endif
