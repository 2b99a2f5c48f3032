/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls: a 32-bit `out` of the address of an argument structure to port HYPERCALL_PORT + number. The
 * guest stands still meanwhile. The address has 32 bits, so an argument structure lies below 4 GiB.
 *
 * Source: Solo5 include/hvt_abi.h, ABI version 2; field widths are those of a 64-bit guest.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

#include "abi/guest_ptr.h"

#include <stddef.h>
#include <stdint.h>

#define HYPERCALL_PORT 0x500

/* A doorbell: a write of a ring's number to this port wakes the monitor's I/O thread (ring.h). */
#define DOORBELL_PORT 0x600

enum hypercall {
    HYPERCALL_WALLTIME = 1,
    HYPERCALL_PUTS,
    HYPERCALL_POLL,
    HYPERCALL_BLOCK_WRITE,
    HYPERCALL_BLOCK_READ,
    HYPERCALL_NET_WRITE,
    HYPERCALL_NET_READ,
    HYPERCALL_HALT,
    HYPERCALL_COUNT
};

/* What `ret` can hold (Solo5 include/solo5.h, solo5_result_t). */
enum hypercall_result {
    RESULT_OK = 0,
    RESULT_AGAIN,  /* no packet now */
    RESULT_EINVAL, /* the arguments break the interface's rules */
    RESULT_EUNSPEC /* the request was right but failed */
};

struct hc_walltime {
    uint64_t nsecs; /* out: since the Unix epoch, UTC */
};

struct hc_puts {
    GUEST_PTR(const char *) data;
    uint64_t len;
};

struct hc_poll {
    uint64_t timeout_nsecs; /* from now */
    uint64_t ready_set;     /* out: bit n for manifest entry n with a packet */
    int32_t ret;            /* out: how many bits are set */
    uint32_t pad;
};

/* Blocks: offset and len are multiples of the device's block size, handle is the manifest entry's number. */
struct hc_block_write {
    uint64_t handle;
    uint64_t offset;
    GUEST_PTR(const void *) data;
    uint64_t len;
    int32_t ret; /* out */
    uint32_t pad;
};

struct hc_block_read {
    uint64_t handle;
    uint64_t offset;
    GUEST_PTR(void *) data;
    uint64_t len; /* in: room; out: bytes read */
    int32_t ret;  /* out */
    uint32_t pad;
};

/* Packets: whole Ethernet frames. */
struct hc_net_write {
    uint64_t handle;
    GUEST_PTR(const void *) data;
    uint64_t len;
    int32_t ret; /* out */
    uint32_t pad;
};

struct hc_net_read {
    uint64_t handle;
    GUEST_PTR(void *) data;
    uint64_t len; /* in: room; out: bytes of the frame */
    int32_t ret;  /* out */
    uint32_t pad;
};

/* The guest ends. cookie, when not 0, points at HALT_COOKIE_SIZE bytes that describe the reason (a trap
 * frame). */
#define HALT_COOKIE_SIZE 512

struct hc_halt {
    GUEST_PTR(void *) cookie;
    int32_t exit_status; /* 0 to 255; 255 is an abort */
    uint32_t pad;
};

_Static_assert(sizeof(struct hc_puts) == 16, "layout");
_Static_assert(sizeof(struct hc_poll) == 24, "layout");
_Static_assert(sizeof(struct hc_block_write) == 40, "layout");
_Static_assert(sizeof(struct hc_block_read) == 40, "layout");
_Static_assert(sizeof(struct hc_net_write) == 32, "layout");
_Static_assert(sizeof(struct hc_net_read) == 32, "layout");
_Static_assert(sizeof(struct hc_halt) == 16, "layout");

#endif
