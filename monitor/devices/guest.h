/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest as its hypercalls see it: memory, devices, console, counters. Nothing here knows KVM, so that
 * hypercalls can be tested without a VM.
 *
 * Devices are numbered as the manifest's entries are: a handle is an index. Everything is set up before the
 * guest runs; the handlers allocate nothing. While it runs, the vCPU's thread owns what is here; the thread
 * that serves the ring (io_thread.h) uses memory, devices and counters, none of which change.
 */
#ifndef GUEST_H
#define GUEST_H

#include "abi/hypercall.h"
#include "abi/note.h"
#include "console.h"
#include "graft.h"
#include "guest_mem.h"
#include "manifest.h"
#include "monitor/status.h"
#include "overlay/overlay.h"
#include "ring.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Why a guest must not go on, in words. */
#define GUEST_BREACH_SIZE 200

struct block_device {
    struct overlay overlay;
    uint32_t block_size;
    bool has_failed; /* a read or a write failed, and that was said */
};

struct net_device {
    int fd; /* a tap, non-blocking */
};

struct device {
    uint32_t type; /* MANIFEST_BLOCK, MANIFEST_NET, or 0: no device */
    union {
        struct block_device block;
        struct net_device net;
    } u;
};

/* What a poll waits for: the network devices, once more in the form that ppoll(2) takes. */
struct poll_set {
    struct pollfd fds[MANIFEST_ENTRIES_MAX];
    uint8_t handles[MANIFEST_ENTRIES_MAX];
    nfds_t n_fds;
};

/* How the guest ended itself. */
struct guest_halt {
    int32_t exit_status;
    bool has_cookie;
    unsigned char cookie[HALT_COOKIE_SIZE];
};

struct console_thread;
struct io_thread;

struct guest {
    struct guest_mem mem;
    struct manifest_table manifest;
    struct device devices[MANIFEST_ENTRIES_MAX];
    struct poll_set polls;
    struct guest_window windows[MANIFEST_ENTRIES_MAX]; /* mem has them, as many as there are */
    struct graft graft;                                /* what it is lent */
    struct console console;
    struct ring_server ring;
    struct console_thread *console_thread; /* which writes what it gathers; NULL: none */
    struct io_thread *io;                  /* which relieves of serving the ring; NULL: none */
    struct status *status;                 /* never NULL */
    atomic_bool is_ending;                 /* a thread says why the guest ends, and ends the process */
    struct guest_halt halt;
    char breach[GUEST_BREACH_SIZE];
};

/* The device with this handle and type, or NULL. */
struct device *guest_find_device(struct guest *guest, uint64_t handle, uint32_t type);

/*
 * Waits a moment for block devices that are being filled (overlay_wait()). Returns whether what could not be
 * read may be read by now. For the vCPU's thread.
 */
bool guest_wait_filled(struct guest *guest);

/* As guest_mem_borrow(), and waits until what lies in a window of a device that is being filled is there. For
 * the vCPU's thread. */
const void *guest_borrow(struct guest *guest, struct gpa gpa, uint64_t len);

/* Adds n to a counter of the status page. */
static inline void guest_count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Releases memory and devices. The network devices' descriptors are closed. */
void guest_release(struct guest *guest);

#endif
