/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls (abi/hypercall.h): number to handler.
 *
 * The argument structure is copied in once, so that what was checked is what is used, and its results are
 * copied out once at the end. Addresses that the guest has no right to are a breach that ends it, as the
 * guest of a real machine would find no memory there; everything else that is wrong becomes a result that the
 * guest can look at.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "guest.h"

#include <stdint.h>

enum hypercall_verdict {
    HYPERCALL_DONE = 0,
    HYPERCALL_ENDED, /* the guest has called halt: guest->halt */
    HYPERCALL_BREACH /* guest->breach says what it did */
};

/* Runs hypercall number with the argument structure at address. */
enum hypercall_verdict hypercall_run(struct guest *guest, uint32_t number, uint32_t address);

/* The hypercall's name for people, or NULL. */
const char *hypercall_name(uint32_t number);

/* What handlers use: notes a breach and returns HYPERCALL_BREACH. */
enum hypercall_verdict hypercall_breach(struct guest *guest, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes that a device was given an address that the guest has no right to. */
enum hypercall_verdict hypercall_bad_address(struct guest *guest, struct gpa gpa, uint64_t len);

/* The devices' handlers. args is the copy of the argument structure, in which they leave their results. */
enum hypercall_verdict dev_time_walltime(struct guest *guest, void *args);
enum hypercall_verdict dev_console_puts(struct guest *guest, void *args);
enum hypercall_verdict dev_poll_poll(struct guest *guest, void *args);
enum hypercall_verdict dev_block_write(struct guest *guest, void *args);
enum hypercall_verdict dev_block_read(struct guest *guest, void *args);
enum hypercall_verdict dev_net_write(struct guest *guest, void *args);
enum hypercall_verdict dev_net_read(struct guest *guest, void *args);

#endif
