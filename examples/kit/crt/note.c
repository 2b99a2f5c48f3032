/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF notes that say what this file is: Solo5's hvt interface, version 2, and our kit's extensions. */
#include "abi/note.h"
#include "abi/boot.h"

extern const struct abi_note kit_abi_note;
extern const struct kit_note kit_note;
extern const char kit_interpreter[];

const struct abi_note {
    struct note_header header;
    struct abi1 abi;
} kit_abi_note __attribute__((section(".note.abi"), used, aligned(4))) = {
    .header = {.name_size = NOTE_NAME_SIZE,
               .desc_size = sizeof(struct abi1),
               .type = NOTE_TYPE_ABI1,
               .name = NOTE_NAME},
    .abi = {.target = ABI_TARGET_HVT, .version = ABI_HVT_VERSION}};

const struct kit_note {
    struct note_header header;
    struct kit1 kit;
} kit_note __attribute__((section(".note.kit"), used, aligned(4))) = {
    .header = {.name_size = NOTE_NAME_KIT_SIZE,
               .desc_size = sizeof(struct kit1),
               .type = NOTE_TYPE_KIT,
               .name = NOTE_NAME_KIT},
    .kit = {.version = 1,
            .features = BOOT_FEATURE_NET_CONFIG | BOOT_FEATURE_WINDOWS | BOOT_FEATURE_NET_POSTED}};

/* An interpreter that no host has: executed by mistake as a host's program, a unikernel just fails to start.
 */
const char kit_interpreter[] __attribute__((section(".interp"), used)) = "/nonexistent/unikernel/";
