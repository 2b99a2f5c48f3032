/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest finds when it starts: %rdi holds the address of a struct boot_info.
 *
 * Source: Solo5 include/hvt_abi.h, struct hvt_boot_info (ABI version 2, with the ring fields of 2026). Fields
 * after `net_ring` are ours: they are there only when host_features has the bit that names them, so a guest
 * that knows nothing of them sees plain Solo5, and a guest of ours that finds the bit clear falls back on
 * plain Solo5.
 */
#ifndef ABI_BOOT_H
#define ABI_BOOT_H

#include "abi/guest_ptr.h"

#include <stddef.h>
#include <stdint.h>

/* Guests are linked at or above this address; everything below belongs to the monitor. */
#define GUEST_MIN_BASE 0x100000u

/* The command line's greatest size, with its terminating NUL. */
#define BOOT_CMDLINE_SIZE 8192

/*
 * Feature bits: Solo5's count up from bit 0, ours down from bit 31. Numbers are never re-used.
 */
#define BOOT_FEATURE_NET_RING \
    (1u << 0) /* Solo5's shared ring (ring.h); the guest accepts in guest_features */
#define BOOT_FEATURE_NET_CONFIG (1u << 31) /* n_net_config and net_config are there */
#define BOOT_FEATURE_NET_POSTED \
    (1u << 29) /* RING_NET_POST, and polls that serve the ring (ring.h); only for a guest that asks */
#define BOOT_FEATURE_WINDOWS    (1u << 30) /* n_windows and windows are there; only for a guest that asks */
#define BOOT_FEATURE_NET_ROUTES (1u << 28) /* net_addresses and net_routes are there */
#define BOOT_FEATURE_ENV        (1u << 27) /* env is there */

/* The IP configuration of one network device, in the order of the manifest's network devices. */
struct boot_net_config {
    char name[68];           /* the device, as in the manifest */
    uint32_t flags;          /* BOOT_NET_* */
    uint8_t ipv4[4];         /* network byte order */
    uint8_t ipv4_gateway[4]; /* 0.0.0.0: none */
    uint8_t ipv4_prefix;     /* bits */
    uint8_t ipv6_prefix;
    uint8_t pad[6];
    uint8_t ipv6[16];
    uint8_t ipv6_gateway[16]; /* ::, none */
    uint8_t ipv4_dns[3][4];   /* 0.0.0.0 ends the list */
    uint8_t ipv6_dns[2][16];  /* :: ends the list; with BOOT_FEATURE_NET_ROUTES */
    uint8_t reserved[4];
};
#define BOOT_NET_HAS_IPV4 (1u << 0)
#define BOOT_NET_HAS_IPV6 (1u << 1)
_Static_assert(sizeof(struct boot_net_config) == 168, "layout");

/* An address of a device beyond those of its struct boot_net_config. */
struct boot_net_address {
    uint32_t device; /* the index in net_config */
    uint8_t family;  /* 4 or 6 */
    uint8_t prefix;  /* bits */
    uint8_t pad[2];
    uint8_t address[16]; /* network byte order; the first four bytes of it for IPv4 */
};
_Static_assert(sizeof(struct boot_net_address) == 24, "layout");

/*
 * A route beyond the default ones, which are in struct boot_net_config, and those that follow from addresses.
 * The longest prefix wins.
 */
struct boot_net_route {
    uint32_t device;
    uint8_t family;
    uint8_t prefix;
    uint8_t pad[2];
    uint8_t destination[16];
    uint8_t gateway[16]; /* all zero: the destination is on the link */
};
_Static_assert(sizeof(struct boot_net_route) == 40, "layout");

/*
 * A window: a part of a block device that the guest reads as memory, without a hypercall. A guest gets
 * windows when its kit note (note.h, features) has BOOT_FEATURE_WINDOWS.
 *
 * A window can be read, and neither written nor executed. It shows at any time what a block read of the same
 * bytes would return: a block write that has returned is there to see. Its address may be passed to
 * hypercalls that read (puts, net write, block write), not to those that return something. It may show less
 * than the whole device, and a device may have no window at all; what it does not show is read by hypercalls.
 * A window whose file fails, or has been cut short on the host, ends the guest that reads it.
 *
 * The first access to each page, or each 2 MiB where the host has them in one piece, is dear: an exit. Who
 * reads something large only once is better off with one block read of all of it.
 */
struct boot_window {
    GUEST_PTR(const void *) start; /* a multiple of 4096, above all memory */
    uint64_t len;                  /* bytes: a multiple of 4096, not 0 */
    uint64_t offset;               /* bytes: where on the device the window begins, a multiple of 4096 */
    uint32_t type;                 /* BOOT_WINDOW_*; a guest skips the types that it does not know */
    uint32_t handle;               /* of the device: its number in the manifest */
    uint32_t flags;                /* BOOT_WINDOW_CONSTANT */
    uint32_t reserved;
};
#define BOOT_WINDOW_BLOCK    1u        /* a block device */
#define BOOT_WINDOW_CONSTANT (1u << 0) /* nobody can write to the device: the bytes never change */
_Static_assert(sizeof(struct boot_window) == 40, "layout");

struct boot_info {
    uint64_t mem_size;       /* bytes; the guest owns [kernel_end, mem_size) */
    uint64_t kernel_end;     /* the end of what was loaded, a multiple of the page size */
    uint64_t cpu_cycle_freq; /* of the time-stamp counter, Hz */
    GUEST_PTR(const char *) cmdline;
    GUEST_PTR(const void *) mft; /* struct manifest */

    uint32_t host_features;
    uint32_t guest_features;    /* written by the guest before its first network request */
    GUEST_PTR(void *) net_ring; /* struct ring, 0 when absent */

    /* with BOOT_FEATURE_NET_CONFIG */
    uint64_t n_net_config;
    GUEST_PTR(const struct boot_net_config *) net_config;

    /* with BOOT_FEATURE_WINDOWS */
    uint64_t n_windows;
    GUEST_PTR(const struct boot_window *) windows; /* at most one for each block device, by address */

    /* with BOOT_FEATURE_NET_ROUTES */
    uint64_t n_net_addresses;
    GUEST_PTR(const struct boot_net_address *) net_addresses;
    uint64_t n_net_routes;
    GUEST_PTR(const struct boot_net_route *) net_routes;

    /* with BOOT_FEATURE_ENV: NAME=VALUE strings one behind the other, each with its NUL */
    uint64_t env_bytes;
    GUEST_PTR(const char *) env;
};
_Static_assert(sizeof(struct boot_info) == 136, "layout");
_Static_assert(offsetof(struct boot_info, host_features) == 40, "layout");
_Static_assert(offsetof(struct boot_info, net_ring) == 48, "layout");
_Static_assert(offsetof(struct boot_info, n_net_config) == 56, "layout");
_Static_assert(offsetof(struct boot_info, n_windows) == 72, "layout");
_Static_assert(offsetof(struct boot_info, n_net_addresses) == 88, "layout");
_Static_assert(offsetof(struct boot_info, env_bytes) == 120, "layout");

#endif
