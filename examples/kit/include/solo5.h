/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface of a Solo5 unikernel, under Solo5's own names: a source file written for Solo5 compiles
 * against this header unchanged. Names, types, values and semantics follow Solo5's public include/solo5.h
 * (version 0.12); the words are ours.
 *
 * A program defines solo5_app_main(). (With the kit's libc it may define main() instead.)
 *
 * Functions that return solo5_result_t return SOLO5_R_OK or one of the other results named at the function.
 * The others either succeed or end the guest. There is one thread, and nothing here is re-entrant.
 */
#ifndef SOLO5_H
#define SOLO5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SOLO5_R_OK = 0,
    SOLO5_R_AGAIN,  /* nothing there at the moment; the same call may succeed later */
    SOLO5_R_EINVAL, /* an argument breaks the rules of the call */
    SOLO5_R_EUNSPEC /* the call was right, but could not be carried out */
} solo5_result_t;

/* ---- start and end ---- */

struct solo5_start_info {
    const char *cmdline;  /* without leading --solo5: options; never NULL */
    uintptr_t heap_start; /* [heap_start, heap_start + heap_size) is the program's, readable and writable; */
    size_t heap_size;     /* the initial stack grows down from its end */
};

/* The program. What it returns is what solo5_exit() gets. *info stays valid for good. */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT   255

/* Ends the guest with status 0 to 254. What stdio holds back is written out first. */
_Noreturn void solo5_exit(int status);

/* Ends the guest with status SOLO5_EXIT_ABORT, at once. */
_Noreturn void solo5_abort(void);

/* ---- thread-local storage ----
 *
 * For programs that schedule threads of their own. A block of solo5_tls_size() bytes at address tls becomes a
 * thread's storage by solo5_tls_init(tls), and the running thread's by
 * solo5_set_tls_base(solo5_tls_tp_offset(tls)). The block needs the alignment that the program's most aligned
 * thread-local variable has.
 */

size_t solo5_tls_size(void);
uintptr_t solo5_tls_tp_offset(uintptr_t tls);

/* SOLO5_R_EINVAL when tls is 0. */
solo5_result_t solo5_tls_init(uintptr_t tls);
solo5_result_t solo5_set_tls_base(uintptr_t base);

/* ---- time ---- */

typedef uint64_t solo5_time_t; /* nanoseconds */

/* Time since the guest's start, read from the time-stamp counter: cheap. */
solo5_time_t solo5_clock_monotonic(void);

/* Time since 1970-01-01 UTC, asked of the host: an exit. */
solo5_time_t solo5_clock_wall(void);

/* ---- devices ---- */

typedef uint64_t solo5_handle_t;     /* a device: its number in the manifest */
typedef uint64_t solo5_handle_set_t; /* bit n is handle n */
typedef uint64_t solo5_off_t;        /* bytes from a block device's start */

/*
 * Sleeps until monotonic time has reached deadline, or a network device has a packet. *ready_set (may be
 * NULL) gets the devices that have one; it is empty after a timeout.
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/* Writes to the console, which is the container's standard output. What the host cannot take is lost. */
void solo5_console_write(const char *buf, size_t size);

#define SOLO5_NET_ALEN 6  /* bytes of an Ethernet address */
#define SOLO5_NET_HLEN 14 /* bytes of an Ethernet header */

struct solo5_net_info {
    uint8_t mac_address[SOLO5_NET_ALEN];
    size_t mtu; /* bytes, without the Ethernet header */
};

/*
 * Finds the network device that the manifest calls name. SOLO5_R_EINVAL when there is none, or when it has
 * been acquired before.
 */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info);

/* Sends one Ethernet frame of at most mtu + SOLO5_NET_HLEN bytes; drops it when the host's queue is full. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/*
 * Takes the next Ethernet frame into buf, which has room for size bytes: at least mtu + SOLO5_NET_HLEN. Its
 * length goes to *read_size. Does not wait: SOLO5_R_AGAIN when there is none.
 */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

struct solo5_block_info {
    solo5_off_t capacity;   /* bytes */
    solo5_off_t block_size; /* bytes, a power of two */
};

/* As solo5_net_acquire(), for a block device. */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info);

/*
 * Read and write exactly size bytes at offset. Both must be multiples of the block size, and the range must
 * lie inside the device: else SOLO5_R_EINVAL. (Solo5's own library takes one block at a time and no more;
 * this one takes any number, which hvt tenders do as well.)
 */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size);
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size);

#endif
