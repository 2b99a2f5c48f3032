/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes of a test guest: Solo5's hvt interface, a block device "disk" if GUEST_HAS_DISK is defined, a
 * network device "net" if GUEST_HAS_NET is, another one "other" if GUEST_HAS_NETS is, and the wish for the
 * features GUEST_FEATURES of our own. GUEST_TARGET and GUEST_VERSION say for which interface it is, if not
 * for this one.
 */
#include "abi/boot.h"
#include "abi/hypercall.h"
#include "abi/note.h"
#include "abi_constants.h"

_Static_assert(HALT_PORT == HYPERCALL_PORT + HYPERCALL_HALT, "abi_constants.h");

#if defined(GUEST_HAS_NETS)
#define N_ENTRIES 3
#elif defined(GUEST_HAS_DISK) || defined(GUEST_HAS_NET)
#define N_ENTRIES 2
#else
#define N_ENTRIES 1
#endif

#ifndef GUEST_TARGET
#define GUEST_TARGET  ABI_TARGET_HVT
#define GUEST_VERSION ABI_HVT_VERSION
#endif

static const struct {
    struct note_header header;
    struct abi1 abi;
} abi_note __attribute__((section(".note.abi"), used, aligned(4))) = {
    .header = {NOTE_NAME_SIZE, sizeof(struct abi1), NOTE_TYPE_ABI1, NOTE_NAME},
    .abi = {.target = GUEST_TARGET, .version = GUEST_VERSION},
};

static const struct {
    struct note_header header;
    uint32_t pad;
    uint32_t version;
    uint32_t n_entries;
    struct manifest_entry entries[N_ENTRIES];
} manifest_note __attribute__((section(".note.manifest"), used, aligned(8))) = {
    .header = {NOTE_NAME_SIZE,
               MANIFEST_NOTE_PAD + sizeof(struct manifest) + N_ENTRIES * sizeof(struct manifest_entry),
               NOTE_TYPE_MFT1, NOTE_NAME},
    .version = MANIFEST_VERSION,
    .n_entries = N_ENTRIES,
    .entries =
        {
            {.type = MANIFEST_RESERVED_FIRST},
#ifdef GUEST_HAS_DISK
            {.name = "disk", .type = MANIFEST_BLOCK},
#elif defined(GUEST_HAS_NET) || defined(GUEST_HAS_NETS)
            {.name = "net", .type = MANIFEST_NET},
#endif
#ifdef GUEST_HAS_NETS
            {.name = "other", .type = MANIFEST_NET},
#endif
        },
};

#ifdef GUEST_FEATURES
static const struct {
    struct note_header header;
    struct kit1 kit;
} kit_note __attribute__((section(".note.kit"), used, aligned(4))) = {
    .header = {NOTE_NAME_KIT_SIZE, sizeof(struct kit1), NOTE_TYPE_KIT, NOTE_NAME_KIT},
    .kit = {.version = 1, .features = GUEST_FEATURES},
};
#endif
