/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest of a unikernel: the devices it wants, by name and type (abi/note.h). Read from the note MFT1
 * of an ELF file by pure functions, and validated whole: after manifest_load() every name is a C string of 1
 * to 67 letters and digits, unique among the devices, and every entry is a device or reserved.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "abi/note.h"
#include "base/error.h"
#include "elf_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A struct manifest with room for the most entries: the same layout, so it can be copied into the guest. */
struct manifest_table {
    uint32_t version;
    uint32_t n_entries;
    struct manifest_entry entries[MANIFEST_ENTRIES_MAX];
};
_Static_assert(offsetof(struct manifest_table, entries) == sizeof(struct manifest), "layout");
_Static_assert(sizeof(struct manifest_table) == MANIFEST_SIZE_MAX, "layout");

/*
 * Reads and validates the manifest. What Solo5 keeps for its own use (u, backend, attached) is zero in out,
 * whatever the file says, and so is every entry after the last. ERROR_NOT_EXEC names what is wrong.
 */
int manifest_load(const void *bytes, size_t size, const struct elf_header *header, struct manifest_table *out,
                  struct error *err);

/* Whether the entry is a device (and not one of Solo5's reserved entries). */
bool manifest_is_device(const struct manifest_entry *entry);

/* ERROR_NOT_EXEC unless name is a device name: 1 to 67 letters and digits and a NUL. */
int manifest_check_name(const char name[MANIFEST_NAME_SIZE], struct error *err);

/* "block" or "net"; "reserved" for what is no device. */
const char *manifest_type_name(uint32_t type);

/* How many bytes of out count: the struct manifest with its n_entries entries. */
size_t manifest_size(const struct manifest_table *table);

/* Whether there is a device of this type. */
bool manifest_has(const struct manifest_table *table, uint32_t type);

/* The device of this name and type, or NULL. */
struct manifest_entry *manifest_find(struct manifest_table *table, const char *name, uint32_t type);

#endif
