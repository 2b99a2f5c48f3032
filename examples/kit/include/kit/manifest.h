/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a unikernel wants: its manifest, an ELF note that the monitor reads before it starts the
 * guest.
 *
 *     #include "kit/manifest.h"
 *     MANIFEST(MANIFEST_DEVICE_BLOCK("root"), MANIFEST_DEVICE_NET("service"));
 *
 * stands once, at file scope, in one file of the program. Names have 1 to 67 characters out of [A-Za-z0-9]. A
 * program without a MANIFEST has no devices. The first device's handle is 1, the next one's is 2, and so on:
 * entry 0 is reserved by Solo5.
 */
#ifndef KIT_MANIFEST_H
#define KIT_MANIFEST_H

#include "abi/note.h"

#define MANIFEST_DEVICE_BLOCK(device_name)          \
    {                                               \
        .name = device_name, .type = MANIFEST_BLOCK \
    }
#define MANIFEST_DEVICE_NET(device_name)          \
    {                                             \
        .name = device_name, .type = MANIFEST_NET \
    }
#define MANIFEST_RESERVED               \
    {                                   \
        .type = MANIFEST_RESERVED_FIRST \
    }

#define MANIFEST(...) MANIFEST_NOTE(MANIFEST_RESERVED, __VA_ARGS__)
#define MANIFEST_COUNT(...) \
    (sizeof((const struct manifest_entry[]){__VA_ARGS__}) / sizeof(struct manifest_entry))

/* struct manifest with its entries counted, behind a note's header: see abi/note.h for the padding. */
#define MANIFEST_NOTE(...)                                                                 \
    extern const struct manifest_note kit_manifest_note;                                   \
    const struct manifest_note {                                                           \
        struct note_header header;                                                         \
        uint8_t pad[MANIFEST_NOTE_PAD];                                                    \
        uint32_t version;                                                                  \
        uint32_t n_entries;                                                                \
        struct manifest_entry entries[MANIFEST_COUNT(__VA_ARGS__)];                        \
    } kit_manifest_note __attribute__((section(".note.manifest"), used, aligned(8))) = {   \
        .header = {.name_size = NOTE_NAME_SIZE,                                            \
                   .desc_size = sizeof(struct manifest_note) - sizeof(struct note_header), \
                   .type = NOTE_TYPE_MFT1,                                                 \
                   .name = NOTE_NAME},                                                     \
        .version = MANIFEST_VERSION,                                                       \
        .n_entries = MANIFEST_COUNT(__VA_ARGS__),                                          \
        .entries = {__VA_ARGS__}};                                                         \
    _Static_assert(offsetof(struct manifest_note, version) ==                              \
                       sizeof(struct note_header) + MANIFEST_NOTE_PAD,                     \
                   "layout");                                                              \
    _Static_assert(MANIFEST_COUNT(__VA_ARGS__) <= MANIFEST_ENTRIES_MAX, "a manifest has at most 63 devices")

#endif
