/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of a monitor, each only with the arguments that it needs: six for the vCPU's thread of a
 * guest that runs, five for the thread that serves the ring, and what it takes to get there. The lists and
 * the code that makes the calls change together; syscalls.c names that code beside each rule.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "base/error.h"
#include "syscall_filter.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The descriptors that the running monitor uses. None is owned here. */
struct syscalls_use {
    int vcpu_fd;
    int start_fd; /* where the reply to a start goes; -1: none */
    const int *net_fds;
    size_t n_nets;
    const int *volume_fds; /* the data files of volumes: written through */
    size_t n_volumes;
    const int *filling_fds; /* the pipes of block devices that are being filled: waited for, no more */
    size_t n_filling;
    int call_fd;    /* where the thread of the ring is called (io_thread.h); -1: there is none */
    int console_fd; /* where the thread of the console is called (console_thread.h); -1: there is none */
};

/* No signal. With this mask, at this address, the console's thread waits, and lets all of them in. */
extern const sigset_t syscalls_no_signal;

/*
 * Writes some bytes, as write(2) does. All of the running monitor's writes are this one, so that volumes,
 * whose writes need pwritev2(2) to be durable, do not need a system call of their own.
 */
static inline ssize_t syscalls_write(int fd, const void *bytes, size_t size)
{
    union { /* pwritev2(2) only reads, but its iovec has no const */
        const void *in;
        void *out;
    } data = {.in = bytes};
    const struct iovec iov = {.iov_base = data.out, .iov_len = size};
    return pwritev2(fd, &iov, 1, -1, 0);
}

/*
 * Fills in the list of a monitor between its box and its guest's first instruction. It allows to make a VM,
 * to map what has been handed in (never executable), to get more descriptors from the socket of the start,
 * and to make a thread; not to open, connect, execute, trace or mount anything, to make a process, nor to
 * change who it is. Which descriptors there will be is not known yet, so they have no limits.
 */
void syscalls_list_setup(struct syscall_filter *out);

/* Fills in the list of the thread that serves the ring. ERROR_REFUSED as below. */
int syscalls_list_io(const struct syscalls_use *use, struct syscall_filter *out, struct error *err);

/* Fills in the list of the thread that writes what guests gather. */
void syscalls_list_console(const struct syscalls_use *use, struct syscall_filter *out);

/* Fills in the list of the vCPU's thread. ERROR_REFUSED when it would be longer than a filter can be. */
int syscalls_list(const struct syscalls_use *use, struct syscall_filter *out, struct error *err);

#endif
