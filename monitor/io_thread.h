/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that relieves the vCPU's thread of the guest's ring (devices/ring.h).
 *
 * As a rule the vCPU's thread serves the ring, when the guest rings and when it polls. That is an exit, but
 * no other thread has to be woken up, nor to get a CPU while the guest waits for it. A guest that rings or
 * polls very often on a host with a CPU to spare is better off with a thread on duty: it looks at the ring
 * while the guest is busy with it, and sleeps until a frame comes in between, so the guest need neither ring
 * nor poll. Whether there is a CPU to spare is found out by trying. A duty that helped little is followed by
 * a pause, each twice as long as the one before.
 *
 * A guest that can be told so (is_watched in devices/ring.h) is watched when it rings often: the thread looks
 * at the ring about once a millisecond, which needs no CPU at a certain time, and the guest need not ring at
 * once.
 *
 * The thread exists only for guests with network devices, sleeps until it is called, and has its system calls
 * taken away before the guest's first instruction, as the vCPU's thread has.
 */
#ifndef IO_THREAD_H
#define IO_THREAD_H

#include "base/error.h"
#include "guest.h"
#include "run_end.h"
#include "syscalls.h"
#include "vm.h"

/* What ps(1) calls it. */
#define IO_THREAD_NAME "wherry-ring"

/*
 * Makes the thread, and sets guest->io and use->call_fd. It has its list of system calls, made of use, when
 * this returns. guest and options must stay; options say how to report a guest that breaks the ring's rules,
 * which ends the process. After an error there is no thread, and the guest can be run without.
 */
int io_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                    struct syscalls_use *use, struct error *err);

/* The guest has rung, or polled, and been served by the vCPU's thread: calls the thread if it is worth
 * trying. io may be NULL. */
void io_thread_note_ring(struct io_thread *io);
void io_thread_note_poll(struct io_thread *io);

#endif
