/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container says about the unikernel in it, apart from config.json's own properties: annotations
 * dev.wherry.*, annotations com.urunc.unikernel.*, and the file /urunc.json of the root file system. Of each
 * key the first of these three that has it counts. docs/annotations.md lists the keys.
 *
 * A container that says nothing is no error: its process.args[0] decides. One that says something wrong, or
 * half of what is needed, is.
 */
#ifndef OCI_SPEC_UNIKERNEL_H
#define OCI_SPEC_UNIKERNEL_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A larger /urunc.json is ERROR_INPUT. */
#define UNIKERNEL_URUNC_JSON_SIZE_MAX (64u << 10)

/* Decides the form in which the guest gets its network configuration and arguments. */
enum unikernel_type {
    UNIKERNEL_UNKNOWN, /* not said */
    UNIKERNEL_PLAIN,   /* arguments only */
    UNIKERNEL_KIT,     /* wherry's own kit */
    UNIKERNEL_MIRAGE,
    UNIKERNEL_RUMPRUN
};

enum unikernel_block_source {
    UNIKERNEL_BLOCK_ROOTFS, /* an image of the root file system */
    UNIKERNEL_BLOCK_FILE,   /* a file inside the root file system, as it is */
    UNIKERNEL_BLOCK_MOUNT   /* what the mount with this destination gives: a file or device as it is, or a
                               directory as an image */
};

enum unikernel_block_format {
    UNIKERNEL_FORMAT_DEFAULT, /* not said; fits the kind of guest and the source */
    UNIKERNEL_FORMAT_RAW,
    UNIKERNEL_FORMAT_EXT2,
    UNIKERNEL_FORMAT_TAR,
    UNIKERNEL_FORMAT_CPIO,
    UNIKERNEL_FORMAT_ISO9660,
    UNIKERNEL_FORMAT_FAT
};

/* What becomes of what the guest writes to an image or a mount. */
enum unikernel_changes {
    UNIKERNEL_CHANGES_DEFAULT, /* not said; fits the source */
    UNIKERNEL_CHANGES_KEEP,    /* the next container finds it */
    UNIKERNEL_CHANGES_DISCARD  /* it vanishes with the container */
};

/* One block device of the guest. */
struct unikernel_block {
    const char *device; /* as in the manifest; NULL: the manifest's only block device */
    enum unikernel_block_source source;
    const char *path; /* FILE, MOUNT: absolute; ROOTFS: NULL */
    enum unikernel_block_format format;
    bool readonly;
    enum unikernel_changes changes;
    uint64_t limit_bytes; /* that writes may take, at least one; 0: not said */
};

/* One network device of the guest. */
struct unikernel_net {
    const char *device;    /* as in the manifest; NULL: the manifest's only network device */
    const char *interface; /* in the container's network namespace; NULL: the next one that is free */
};

struct unikernel {
    bool is_declared;    /* some source named at least one key: this container is a unikernel, or broken */
    const char *binary;  /* absolute, inside the root file system; NULL: process.args[0] */
    const char *cmdline; /* NULL: process.args[1..] */
    bool cmdline_is_fallback; /* cmdline counts only when there are no process.args (urunc's rule) */
    enum unikernel_type type;
    uint64_t memory_bytes;                /* a multiple of 4096; 0: not said */
    const char *mount_point;              /* where a rumprun guest mounts its block device; NULL: not said */
    bool has_no_graft;                    /* the guest runs with its own code only */
    const struct unikernel_block *blocks; /* sorted by device; no device twice */
    size_t n_blocks;
    const struct unikernel_net *nets; /* sorted by device; no device twice */
    size_t n_nets;
    struct config_strings warnings; /* one sentence for each key of ours that is not known */
};

/*
 * Reads all sources. urunc_json is the content of /urunc.json, NULL when there is none. Malformed values are
 * ERROR_INPUT; what is understood but impossible (another hypervisor, another kind of guest, an initrd) is
 * ERROR_REFUSED; messages name the key and where it stands. *out_unikernel is the caller's: unikernel_free().
 */
int unikernel_read(const struct config_map *annotations, const char *urunc_json, size_t size,
                   struct unikernel **out_unikernel, struct error *err);

/* Accepts NULL. */
void unikernel_free(struct unikernel *unikernel);

/* For _cleanup_(unikernel_freep). */
static inline void unikernel_freep(struct unikernel **unikernel)
{
    unikernel_free(*unikernel);
}

#endif
