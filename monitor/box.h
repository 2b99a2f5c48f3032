/* SPDX-License-Identifier: Apache-2.0 */
/* Puts this monitor into its box (sandbox.h), in two steps around the making of the guest. */
#ifndef BOX_H
#define BOX_H

#include "base/error.h"
#include "guest.h"
#include "run.h"
#include "vm.h"

/*
 * Gives up names and rights, leaves the namespaces (CLONE_NEW*) for fresh ones, and keeps the system calls of
 * syscalls_list_setup(). What the host does not
 * allow is said on stderr, in one line.
 */
int box_enter(unsigned own_namespaces, struct error *err);

/*
 * Finds the descriptors that vm and guest use while the guest runs, and seals the process for these and
 * start_fd (-1: none). A guest with a ring gets a thread that serves it (io_thread.h); when that is not to be
 * had, a line on stderr says so. Afterwards neither vm, guest nor options may be released: the process ends
 * by _exit(2).
 */
int box_seal(const struct vm *vm, struct guest *guest, const struct run_options *options, int start_fd,
             struct error *err);

#endif
