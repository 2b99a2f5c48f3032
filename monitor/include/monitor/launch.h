/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between the runtime and wherry-monitor: how a monitor is launched, and how it is started.
 *
 * The runtime sets up what needs privilege (namespaces, cgroup, user, the files), then executes
 *
 *     wherry-monitor --launch
 *
 * with a SOCK_SEQPACKET Unix socket as descriptor LAUNCH_SOCKET_FD; 0, 1 and 2 are the container's. Then, in
 * order:
 *
 *   1. runtime -> monitor   struct launch_message, with its descriptors (more than FD_PASS_MAX of them
 *                           follow in further messages of one byte each, in order)
 *   2. monitor              checks everything, creates the VM, loads the guest, enters its box
 *   3. monitor -> runtime   struct launch_reply: ready, or the error. The runtime closes the socket. The
 *                           monitor waits on the control socket that it was given: the container is
 *                           "created".
 *   4. start -> monitor     connects to the control socket, sends struct start_message with its
 *                           descriptors (one tap for each network device)
 *   5. monitor              fills in boot info and command line, seals itself with seccomp, runs the guest
 *   6. monitor -> start     struct launch_reply: the guest has executed its first instruction, or the
 *                           error, after which the monitor ends. The container is "running".
 *
 * A message is trusted in its intent (it comes from the privileged side) but checked in its form: versions,
 * sizes, counts, NULs. All structures are of fixed size, so a message is read with one call and parsed by
 * pure functions.
 */
#ifndef MONITOR_LAUNCH_H
#define MONITOR_LAUNCH_H

#include "base/error.h"
#include "overlay/extent.h"

#include <stdint.h>

#define LAUNCH_VERSION   2
#define LAUNCH_MAGIC     0x48434e4c59524857ull /* "WHRYLNCH" */
#define START_MAGIC      0x5452545359524857ull /* "WHRYSTRT" */
#define LAUNCH_SOCKET_FD 3

#define LAUNCH_NAME_SIZE    68 /* a device's name with its NUL: as in the manifest */
#define LAUNCH_LABEL_SIZE   128
#define LAUNCH_CMDLINE_SIZE 8192 /* with its NUL: as in the boot information */
#define LAUNCH_BLOCKS_MAX   63   /* entry 0 of a manifest is no device */
#define LAUNCH_NETS_MAX     63
#define START_ADDRESSES_MAX 64
#define START_ROUTES_MAX    128
#define START_ENV_SIZE      16384
#define LAUNCH_FDS_MAX      4096
#define LAUNCH_MEMORY_MIN   (2ull << 20)
#define LAUNCH_MEMORY_MAX   (4ull << 30)

/* What a descriptor is for. The order in the message is the order of the descriptors. */
enum launch_fd_role {
    LAUNCH_FD_KVM =
        1, /* /dev/kvm, read-write; opened by the runtime, as the device cgroup may forbid it later */
    LAUNCH_FD_GUEST,   /* the unikernel's ELF file, read-only */
    LAUNCH_FD_CONTROL, /* a listening SOCK_SEQPACKET Unix socket, for start_message */
    LAUNCH_FD_STATUS,  /* a file of STATUS_SIZE bytes that monitor and runtime map shared (status.h),
                          read-write */
    LAUNCH_FD_EXTENTS, /* of a block device: a file of struct extent, read-only */
    LAUNCH_FD_PATCHES, /* of a block device: a file of patches, read-only; optional */
    LAUNCH_FD_DATA, /* of a block device: its data files, numbered in order from 0, read-only or read-write */
    LAUNCH_FD_DELTA,  /* of a block device with LAUNCH_BLOCK_KEPT: its delta file (overlay/delta.h),
                         read-write */
    LAUNCH_FD_FILLING /* of a block device whose data files still grow: the read end of a pipe whose other end
                         is closed when they do not any more; optional */
};

struct launch_fd {
    uint16_t role;   /* enum launch_fd_role */
    uint16_t device; /* the index in blocks[] that EXTENTS to FILLING belong to; else 0 */
};

enum launch_block_flags {
    LAUNCH_BLOCK_READ_ONLY = 1 << 0, /* the guest's writes fail */
    LAUNCH_BLOCK_WRITE_THROUGH =
        1 << 1,                /* writes go to the data file and are durable when they return (volumes) */
    LAUNCH_BLOCK_KEPT = 1 << 2 /* writes go to the delta file and are durable when they return */
    /* none of them: writes are private to this guest and vanish with it */
};

struct launch_block {
    char name[LAUNCH_NAME_SIZE]; /* the manifest's device */
    uint32_t flags;              /* enum launch_block_flags */
    uint32_t block_size;         /* bytes: a power of two, 512 to 32768 */
    uint32_t n_extents;
    uint64_t capacity;    /* bytes, a multiple of block_size, not 0 */
    uint64_t write_limit; /* bytes that private or kept writes may take; 0: any number */
};

enum launch_flags {
    /* Namespaces that the runtime has not made and the monitor shall make for itself. */
    LAUNCH_OWN_USER_NS = 1 << 0,
    LAUNCH_OWN_MOUNT_NS = 1 << 1,
    LAUNCH_OWN_IPC_NS = 1 << 2,
    LAUNCH_OWN_UTS_NS = 1 << 3,
    LAUNCH_OWN_CGROUP_NS = 1 << 4,
    /* The guest is of a kind that reads the boot information's net_config. */
    LAUNCH_NET_CONFIG = 1 << 8,
    /* The guest runs with its own code only. */
    LAUNCH_NO_GRAFT = 1 << 9
};

struct launch_message {
    uint64_t magic;
    uint32_t version;
    uint32_t size;                 /* sizeof(struct launch_message) */
    uint64_t memory_bytes;         /* guest memory: a multiple of 4096 between LAUNCH_MEMORY_MIN and _MAX */
    uint32_t flags;                /* enum launch_flags */
    uint32_t n_fds;                /* how many of fds[] count */
    uint32_t n_blocks;             /* how many of blocks[] count */
    uint32_t pad;                  /* 0 */
    char label[LAUNCH_LABEL_SIZE]; /* the container's id, for reports only */
    struct launch_block blocks[LAUNCH_BLOCKS_MAX];
    struct launch_fd fds[LAUNCH_FDS_MAX];
};

/* One network device; its tap (non-blocking, no virtio header) is the descriptor at the same index. */
struct start_net {
    char name[LAUNCH_NAME_SIZE]; /* the manifest's device */
    uint8_t mac[6];
    uint16_t mtu;
    uint8_t ipv4[4]; /* network byte order; 0.0.0.0: none */
    uint8_t ipv4_gateway[4];
    uint8_t ipv4_prefix;
    uint8_t ipv6_prefix;
    uint8_t pad[2];
    uint8_t ipv6[16]; /* ::, none */
    uint8_t ipv6_gateway[16];
    uint8_t ipv4_dns[3][4];
    uint8_t ipv6_dns[2][16];
};

/* An address of a network device beyond its first ones, which are in start_net. */
struct start_address {
    uint32_t net;   /* the index in nets[] */
    uint8_t family; /* 4 or 6 */
    uint8_t prefix; /* bits */
    uint8_t pad[2];
    uint8_t address[16]; /* network byte order; the first four bytes of it for IPv4 */
};

/* A route beyond the default ones, which are in start_net, and those that follow from addresses. */
struct start_route {
    uint32_t net;
    uint8_t family;
    uint8_t prefix;
    uint8_t pad[2];
    uint8_t destination[16];
    uint8_t gateway[16]; /* all zero: the destination is on the link */
};

struct start_message {
    uint64_t magic;
    uint32_t version;
    uint32_t size;                     /* sizeof(struct start_message) */
    uint32_t n_nets;                   /* as many descriptors come with the message */
    uint32_t cmdline_bytes;            /* without the NUL */
    char cmdline[LAUNCH_CMDLINE_SIZE]; /* what the guest gets, NUL-terminated, no NUL inside */
    struct start_net nets[LAUNCH_NETS_MAX];
    uint32_t n_addresses;
    uint32_t n_routes;
    struct start_address addresses[START_ADDRESSES_MAX];
    struct start_route routes[START_ROUTES_MAX];
    uint32_t env_bytes;       /* with every string's NUL */
    char env[START_ENV_SIZE]; /* NAME=VALUE strings one behind the other, each with its NUL */
};

struct launch_reply {
    uint32_t version;
    uint32_t failed; /* 0: as hoped; 1: error says what went wrong */
    struct error error;
};

#endif
