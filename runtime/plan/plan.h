/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a new container needs, worked out before anything is changed: what is wrong with a bundle
 * is found here, and costs nothing to undo. Creating the container (create.h) only carries the plan out.
 *
 * Is the bundle a unikernel? In this order: what it says of itself (oci-spec/unikernel.h), the vm section,
 * else what the monitor says about process.args[0]. A bundle that claims to be one and cannot be loaded is an
 * error; one that is none is no error, and is_unikernel is false: another runtime's container.
 */
#ifndef PLAN_H
#define PLAN_H

#include "guest_cmdline.h"
#include "namespace.h"
#include "settings.h"
#include "state_record.h"

#include "base/error.h"
#include "monitor/inspect.h"
#include "oci-spec/config.h"
#include "oci-spec/unikernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where what the guest writes to a block device goes. */
enum plan_writes {
    PLAN_WRITES_PRIVATE, /* to memory; it vanishes with the guest */
    PLAN_WRITES_FAIL,
    PLAN_WRITES_THROUGH, /* to the mounted file or device */
    PLAN_WRITES_KEPT     /* to a delta file, for the next time */
};

/* Where the bytes of a block device of the guest come from. */
struct plan_block {
    char device[INSPECT_NAME_SIZE]; /* as in the manifest */
    enum unikernel_block_source source;
    const char *path; /* FILE: in the rootfs; MOUNT: on the host, resolved; ROOTFS: NULL */
    enum unikernel_block_format format;
    bool is_readonly;
    bool is_tree; /* of source: a tree that becomes an image */
    enum plan_writes writes;
    uint64_t write_limit; /* bytes, with PRIVATE and KEPT; 0: any number */
};

struct plan {
    char *bundle; /* absolute */
    char *rootfs; /* absolute */
    char *config_text;
    size_t config_size;
    struct config *config;
    struct unikernel *unikernel;
    int rootfs_fd;
    struct config_strings
        words; /* of config: process.args without an engine's init; empty if there is none */

    bool is_unikernel; /* what follows is only there if it is */
    int guest_fd;      /* the unikernel */
    struct inspect_answer answer;
    enum guest_kind kind;
    char *cmdline; /* without its network part */
    uint64_t memory_bytes;
    struct plan_block blocks[INSPECT_DEVICES_MAX];
    size_t n_blocks;
    struct state_net nets[LAUNCH_NETS_MAX];
    size_t n_nets;
    struct namespace_plan namespaces;
};

#define PLAN_NONE ((struct plan){.rootfs_fd = -1, .guest_fd = -1, .namespaces = NAMESPACE_PLAN_NONE})

/* bundle is a directory's path; config is the file in it, or NULL for config.json. *out is the caller's. */
int plan_make(const char *bundle, const char *config, const struct settings *settings, struct plan *out,
              struct error *err);

void plan_release(struct plan *plan);

#endif
