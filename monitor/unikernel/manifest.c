/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include "note.h"

#include <string.h>

/* Entry 0 is Solo5's own: it makes sure that 0 is no valid handle. */
static int first_check(const struct manifest_table *table, struct error *err)
{
    if (table->n_entries < 1 || table->entries[0].type != MANIFEST_RESERVED_FIRST ||
        table->entries[0].name[0] != '\0')
        return error_set(err, ERROR_NOT_EXEC, "entry 0 is not the reserved entry that Solo5 puts there");
    return 0;
}

static bool is_name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int manifest_check_name(const char name[MANIFEST_NAME_SIZE], struct error *err)
{
    size_t length = strnlen(name, MANIFEST_NAME_SIZE);

    if (length == MANIFEST_NAME_SIZE)
        return error_set(err, ERROR_NOT_EXEC, "the name does not end");
    if (length == 0)
        return error_set(err, ERROR_NOT_EXEC, "the name is empty");
    for (size_t i = 0; i < length; i++)
        if (!is_name_character(name[i]))
            return error_set(err, ERROR_NOT_EXEC,
                             "the name has character 0x%02x, only letters and digits are allowed",
                             (unsigned char)name[i]);
    return 0;
}

static int device_check(const struct manifest_table *table, uint32_t i, struct error *err)
{
    const struct manifest_entry *entry = &table->entries[i];

    if (entry->type != MANIFEST_BLOCK && entry->type != MANIFEST_NET)
        return error_set(err, ERROR_NOT_EXEC, "entry %u: device type %u is unknown", i, entry->type);
    if (manifest_check_name(entry->name, err) < 0)
        return error_wrap(err, "entry %u", i);
    for (uint32_t k = 1; k < i; k++)
        if (manifest_is_device(&table->entries[k]) && strcmp(entry->name, table->entries[k].name) == 0)
            return error_set(err, ERROR_NOT_EXEC, "entries %u and %u are both named '%s'", k, i, entry->name);
    return 0;
}

static int table_check(const struct manifest_table *table, struct error *err)
{
    if (first_check(table, err) < 0)
        return -1;
    for (uint32_t i = 1; i < table->n_entries; i++)
        if (manifest_is_device(&table->entries[i]) && device_check(table, i, err) < 0)
            return -1;
    return 0;
}

/* Copies the description (without its padding) into table, once its two counts fit its size. */
static int table_copy(const char *desc, size_t size, struct manifest_table *table, struct error *err)
{
    struct manifest head;

    memcpy(&head, desc, sizeof(head));
    if (head.version != MANIFEST_VERSION)
        return error_set(err, ERROR_NOT_EXEC, "version %u is unknown, expected %u", head.version,
                         MANIFEST_VERSION);
    if (head.n_entries > MANIFEST_ENTRIES_MAX)
        return error_set(err, ERROR_NOT_EXEC, "%u entries, at most %u are possible", head.n_entries,
                         MANIFEST_ENTRIES_MAX);
    if (size != sizeof(head) + head.n_entries * sizeof(struct manifest_entry))
        return error_set(err, ERROR_NOT_EXEC, "%u entries do not make %zu bytes", head.n_entries, size);

    memset(table, 0, sizeof(*table));
    table->version = head.version;
    table->n_entries = head.n_entries;
    for (uint32_t i = 0; i < head.n_entries; i++) {
        struct manifest_entry entry;
        memcpy(&entry, desc + sizeof(head) + i * sizeof(entry), sizeof(entry));
        if (entry.attached != 0)
            return error_set(err, ERROR_NOT_EXEC, "entry %u: says that it is attached already", i);
        memcpy(table->entries[i].name, entry.name, sizeof(entry.name));
        table->entries[i].type = entry.type;
    }
    return 0;
}

int manifest_load(const void *bytes, size_t size, const struct elf_header *header, struct manifest_table *out,
                  struct error *err)
{
    const struct note_query query = {
        .name = NOTE_NAME,
        .name_size = NOTE_NAME_SIZE,
        .type = NOTE_TYPE_MFT1,
        .desc_min = MANIFEST_NOTE_PAD + sizeof(struct manifest),
        .desc_max = MANIFEST_NOTE_PAD + MANIFEST_SIZE_MAX,
    };
    struct note note;

    if (note_find(bytes, size, header, &query, &note, err) < 0)
        return error_wrap(err, "read note MFT1");
    if (note.desc_size == 0)
        return error_set(err, ERROR_NOT_EXEC, "no Solo5 manifest (note MFT1)");
    const char *desc = (const char *)bytes + note.desc_off + MANIFEST_NOTE_PAD;
    if (table_copy(desc, note.desc_size - MANIFEST_NOTE_PAD, out, err) < 0 || table_check(out, err) < 0)
        return error_wrap(err, "Solo5 manifest is invalid");
    return 0;
}

bool manifest_is_device(const struct manifest_entry *entry)
{
    return entry->type < MANIFEST_RESERVED_FIRST;
}

const char *manifest_type_name(uint32_t type)
{
    switch (type) {
    case MANIFEST_BLOCK:
        return "block";
    case MANIFEST_NET:
        return "net";
    default:
        return "reserved";
    }
}

size_t manifest_size(const struct manifest_table *table)
{
    return sizeof(struct manifest) + table->n_entries * sizeof(struct manifest_entry);
}

bool manifest_has(const struct manifest_table *table, uint32_t type)
{
    for (uint32_t i = 1; i < table->n_entries; i++)
        if (table->entries[i].type == type)
            return true;
    return false;
}

struct manifest_entry *manifest_find(struct manifest_table *table, const char *name, uint32_t type)
{
    for (uint32_t i = 1; i < table->n_entries; i++)
        if (table->entries[i].type == type && strcmp(table->entries[i].name, name) == 0)
            return &table->entries[i];
    return NULL;
}
