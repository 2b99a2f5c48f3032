/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of any bytes that look like an ELF file: what is accepted keeps the promises of manifest.h. */
#include "base/bug.h"
#include "manifest.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct manifest_table table;
    struct elf_header header;
    struct error err = {0};

    if (elf_file_read_header(data, size, &header, &err) < 0 ||
        manifest_load(data, size, &header, &table, &err) < 0)
        return 0;
    BUG_ON(table.n_entries < 1 || table.n_entries > MANIFEST_ENTRIES_MAX);
    BUG_ON(manifest_size(&table) > sizeof(table));
    for (uint32_t i = 1; i < table.n_entries; i++) {
        struct manifest_entry *entry = &table.entries[i];
        if (!manifest_is_device(entry))
            continue;
        BUG_ON(manifest_check_name(entry->name, &err) < 0);
        BUG_ON(manifest_find(&table, entry->name, entry->type) != entry);
        BUG_ON(entry->attached != 0 || entry->backend != 0);
    }
    return 0;
}
