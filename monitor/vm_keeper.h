/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a VM end after its monitor, so that nobody who waits for the monitor waits for KVM, too.
 *
 * The last one who lets go of a VM takes it apart: about 0.25 ms, with grace periods in which nothing
 * happens. An exiting process would do that before its parent is told. The keeper makes the kernel the last
 * one: the VM's descriptor lies in the queue of a socket that only that queue refers to once the process is
 * gone, and the kernel's collector of such sockets (unix(7), "in flight") takes them away a moment later,
 * wherever the process ended and however. Guest memory is the process's, and goes with it.
 *
 * Nothing can be taken out of the queue again: receiving is not on the list of a sealed monitor.
 */
#ifndef VM_KEEPER_H
#define VM_KEEPER_H

#define VM_KEEPER_FDS 2

/* Both descriptors stay open until the process ends. Zeroed or failed: -1. */
struct vm_keeper {
    int fds[VM_KEEPER_FDS];
};

/* Makes the sockets. Where there can be none, the VM ends with its monitor, which is as right. */
void vm_keeper_open(struct vm_keeper *out);

/* Puts the VM into the queue. Afterwards vm_fd can be closed. */
void vm_keeper_keep(const struct vm_keeper *keeper, int vm_fd);

#endif
