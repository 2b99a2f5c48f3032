/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that serves the guest's ring (ring.h) while the guest runs.
 *
 * It sleeps until the guest rings: KVM turns a write to the doorbell's port into a write to an eventfd, which
 * is no exit. Having served, it looks for more for a short while before it sleeps again. It exists only for
 * guests with network devices, and gets its system calls taken away before the guest's first instruction, as
 * the vCPU's thread does. Without it (a host that allows no thread, a monitor without a box) the doorbell is
 * an exit, and the vCPU's thread serves.
 */
#ifndef IO_THREAD_H
#define IO_THREAD_H

#include "base/error.h"
#include "guest.h"
#include "run.h"
#include "syscalls.h"
#include "vm.h"

/* What ps(1) calls it. */
#define IO_THREAD_NAME "wherry-ring"

/*
 * Makes the thread, and sets use->doorbell_fd. It has its list of system calls, made of use, when this
 * returns. guest and options must stay; options say how to report a guest that breaks the ring's rules, which
 * ends the process. After an error there is no thread, and the guest can be run without.
 */
int io_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                    struct syscalls_use *use, struct error *err);

#endif
