/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a monitor tells while it runs, without a system call: a page of counters in a file that the runtime
 * made and both map shared. The monitor writes, anybody else reads. It is the monitor's word about itself:
 * good for `state` and `events`, not for decisions about anybody else.
 */
#ifndef MONITOR_STATUS_H
#define MONITOR_STATUS_H

#include <stdint.h>

#define STATUS_VERSION 1
#define STATUS_SIZE    4096

enum status_phase {
    STATUS_NEW = 0, /* the file is fresh */
    STATUS_CREATED, /* launched, waits for start */
    STATUS_RUNNING, /* the guest has executed its first instruction */
    STATUS_ENDED    /* the guest has ended; the process is about to */
};

struct status {
    uint32_t version;
    _Atomic uint32_t phase; /* enum status_phase; only ever goes up */
    _Atomic uint64_t exits; /* returns from KVM_RUN */
    _Atomic uint64_t hypercalls;
    _Atomic uint64_t block_read_bytes; /* by hypercalls: what is read through a window is not seen */
    _Atomic uint64_t block_write_bytes;
    _Atomic uint64_t net_received_bytes;
    _Atomic uint64_t net_sent_bytes;
    _Atomic uint64_t net_received_packets;
    _Atomic uint64_t net_sent_packets;
    _Atomic uint64_t console_bytes;
    _Atomic uint64_t exit_reason; /* enum status_exit, valid from STATUS_ENDED */
};
_Static_assert(sizeof(struct status) <= STATUS_SIZE, "fits");

enum status_exit {
    STATUS_EXIT_NONE = 0,
    STATUS_EXIT_HALT,   /* the guest called halt */
    STATUS_EXIT_ABORT,  /* the guest aborted */
    STATUS_EXIT_TRAP,   /* the guest did what it must not */
    STATUS_EXIT_SIGNAL, /* the monitor was told to end */
    STATUS_EXIT_MONITOR /* the monitor failed */
};

#endif
