/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that writes what a guest has gathered for its console (devices/console_ring.h).
 *
 * Whenever the guest exits, the vCPU's thread does that. This one is for a guest that writes and then does
 * not exit: while there is output, it looks every millisecond, and the guest need not exit for it. A guest
 * that has been silent for some looks has to exit again for its next write; when it does so twice within a
 * millisecond, it is watched again.
 *
 * It also takes the signals that end the process: the vCPU's thread may be writing when one arrives, and does
 * not come back to that from a handler.
 */
#ifndef CONSOLE_THREAD_H
#define CONSOLE_THREAD_H

#include "base/error.h"
#include "guest.h"
#include "run_end.h"
#include "syscalls.h"
#include "vm.h"

/* What ps(1) calls it. */
#define CONSOLE_THREAD_NAME "wherry-console"

/* What a guest is told to have done that has broken the rules of its ring. */
#define CONSOLE_BREACH "more output gathered than there is room for"

/*
 * Makes the thread, for a guest that gathers output, and sets guest->console_thread and use->console_fd. It
 * has its list of system calls when this returns, and the calling thread takes no signals any more but those
 * that it causes itself. guest and options must stay. After an error there is no thread, and the guest can be
 * run without: it exits for each write.
 */
int console_thread_start(const struct vm *vm, struct guest *guest, const struct run_options *options,
                         struct syscalls_use *use, struct error *err);

/* The guest has exited to write: calls the thread if it is worth it. thread may be NULL. */
void console_thread_note_write(struct console_thread *thread);

#endif
