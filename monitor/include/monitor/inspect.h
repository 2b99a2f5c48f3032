/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer of `wherry-monitor --inspect=binary`: what a file declares. The file is standard input, the
 * answer is one struct inspect_answer on standard output. The inspecting process has no rights but these two
 * descriptors: untrusted ELF files are parsed there and nowhere else. (`wherry-monitor --inspect FILE` says
 * the same in words, to people.)
 *
 * The exit status is 0 whenever an answer was written, whatever it says.
 */
#ifndef MONITOR_INSPECT_H
#define MONITOR_INSPECT_H

#include <stdint.h>

#define INSPECT_VERSION     1
#define INSPECT_DEVICES_MAX 63
#define INSPECT_NAME_SIZE   68
#define INSPECT_TEXT_SIZE   256

enum inspect_verdict {
    INSPECT_UNIKERNEL = 1, /* a Solo5 hvt unikernel that this monitor can load */
    INSPECT_NOT_SOLO5, /* not an ELF file, or one without Solo5's note: not ours, perhaps a Linux program */
    INSPECT_OTHER_TARGET, /* a Solo5 unikernel, but for another target or ABI version */
    INSPECT_BROKEN        /* claims to be a Solo5 unikernel, but cannot be loaded */
};

enum inspect_kind {
    INSPECT_KIND_PLAIN = 0, /* knows Solo5's interface only */
    INSPECT_KIND_KIT,    /* built with our kit: reads the network configuration from the boot information */
    INSPECT_KIND_MIRAGE, /* a MirageOS unikernel: reads its command line as MirageOS does */
    INSPECT_KIND_RUMPRUN /* a program on rumprun: its command line is a JSON document */
};

enum inspect_device_type { INSPECT_DEVICE_BLOCK = 1, INSPECT_DEVICE_NET };

struct inspect_device {
    char name[INSPECT_NAME_SIZE];
    uint32_t type; /* enum inspect_device_type */
};

struct inspect_answer {
    uint32_t version; /* INSPECT_VERSION */
    uint32_t verdict; /* enum inspect_verdict */
    uint32_t kind;    /* enum inspect_kind */
    uint32_t abi_target;
    uint32_t abi_version;
    uint32_t n_devices;
    uint64_t memory_min; /* bytes of guest memory without which it cannot be loaded */
    uint64_t entry;
    struct inspect_device devices[INSPECT_DEVICES_MAX]; /* in the manifest's order */
    char text[INSPECT_TEXT_SIZE];                       /* the verdict in words: why not, or what it is */
};

#endif
