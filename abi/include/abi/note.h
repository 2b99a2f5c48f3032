/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ELF notes by which a Solo5 unikernel says what it is (ABI1) and which devices it wants (MFT1).
 *
 * Source: Solo5, include/elf_abi.h and include/mft_abi.h; ELF notes: System V ABI, chapter 5, "Note Section".
 * Both notes have the name "Solo5" (namesz 6, padded to 8). All fields are little-endian.
 *
 * The manifest travels twice: in the ELF file, where the monitor reads it, and in guest memory, where the
 * guest reads the copy that the monitor filled in (boot.h, field mft).
 */
#ifndef ABI_NOTE_H
#define ABI_NOTE_H

#include <stddef.h>
#include <stdint.h>

#define NOTE_NAME      "Solo5"
#define NOTE_NAME_SIZE 6

/* Three words and the padded name; what follows is the note's description. */
struct note_header {
    uint32_t name_size;
    uint32_t desc_size;
    uint32_t type;
    char name[8];
};
_Static_assert(sizeof(struct note_header) == 20, "layout");

/* ---- ABI1: the target that a unikernel was linked for ---- */

#define NOTE_TYPE_ABI1 0x31494241u

enum abi_target {
    ABI_TARGET_HVT = 1,
    ABI_TARGET_SPT,
    ABI_TARGET_VIRTIO,
    ABI_TARGET_MUEN,
    ABI_TARGET_GENODE,
    ABI_TARGET_XEN
};

/* The version of the hvt interface that boot.h and hypercall.h describe. */
#define ABI_HVT_VERSION 2

struct abi1 {
    uint32_t target; /* enum abi_target */
    uint32_t version;
    uint32_t reserved[2];
};
_Static_assert(sizeof(struct abi1) == 16, "layout");

/* In the file, abi1 follows the header at once: it starts 20 bytes after the note. */

/* ---- MFT1: the application manifest ---- */

#define NOTE_TYPE_MFT1 0x3154464du

/*
 * In the file, the manifest is aligned to 8 bytes: it starts 24 bytes after the note, and the first 4 bytes
 * of the description are padding, which desc_size counts.
 */
#define MANIFEST_NOTE_PAD 4

#define MANIFEST_VERSION     1
#define MANIFEST_NAME_SIZE   68 /* with the terminating NUL; characters are [A-Za-z0-9] */
#define MANIFEST_ENTRIES_MAX 64 /* one bit each in a poll's ready set */

enum manifest_type {
    MANIFEST_BLOCK = 1,
    MANIFEST_NET = 2,
    MANIFEST_RESERVED_FIRST =
        1 << 30 /* this and above: not a device, to be skipped (an entry 0 of Solo5's own) */
};

struct manifest_block {
    uint64_t capacity; /* bytes, a multiple of block_size */
    uint16_t block_size;
};

struct manifest_net {
    uint8_t mac[6];
    uint16_t mtu; /* without the Ethernet header */
};

struct manifest_entry {
    char name[MANIFEST_NAME_SIZE];
    uint32_t type; /* enum manifest_type */
    union {        /* filled in by the monitor; zero in the file */
        struct manifest_block block;
        struct manifest_net net;
    } u;
    uint64_t backend; /* the monitor's own; zero towards the guest */
    uint8_t attached; /* 1 when the device is there */
    uint8_t pad[7];
};
_Static_assert(sizeof(struct manifest_entry) == 104, "layout");
_Static_assert(offsetof(struct manifest_entry, u) == 72, "layout");
_Static_assert(offsetof(struct manifest_entry, backend) == 88, "layout");
_Static_assert(offsetof(struct manifest_entry, attached) == 96, "layout");

struct manifest {
    uint32_t version;
    uint32_t n_entries; /* at least 1: entry 0 is reserved and no device */
    struct manifest_entry entries[];
};
_Static_assert(sizeof(struct manifest) == 8, "layout");

#define MANIFEST_SIZE_MAX (sizeof(struct manifest) + MANIFEST_ENTRIES_MAX * sizeof(struct manifest_entry))

/* ---- WKT1: the guest was built with our kit (owner "wherry", namesz 7) ---- */

#define NOTE_NAME_KIT      "wherry"
#define NOTE_NAME_KIT_SIZE 7
#define NOTE_TYPE_KIT      0x31544b57u

/* What a kit guest asks for; it works without, on any hvt tender. */
struct kit1 {
    uint32_t version;  /* 1 */
    uint32_t features; /* the BOOT_FEATURE_* bits that it understands */
};
_Static_assert(sizeof(struct kit1) == 8, "layout");

#endif
