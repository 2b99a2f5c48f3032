/* SPDX-License-Identifier: Apache-2.0 */
#include "slot_table.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "layer.h"
#include "patch_file.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC      0x31544f4c53524857ull /* "WHRSLOT1" */
#define TABLE_MAX  (16u << 20)
#define SLOT_MAX   (64u << 20) /* bytes */
#define CHAIN_ENDS UINT32_C(0x0fffffff)

/* The last bytes of a generated part that has a table; slots, fields and owners stand before it. */
struct trailer {
    uint32_t n_slots;
    uint32_t n_fields;
    uint64_t magic;
};

int slot_table_init(struct slot_table *table, uint32_t n_slots, struct error *err)
{
    *table =
        (struct slot_table){.slots = calloc((size_t)n_slots + 1, sizeof(*table->slots)), .n_slots = n_slots};
    return table->slots == NULL ? error_errno(err, "list the slots") : 0;
}

int slot_table_add_field(struct slot_table *table, uint32_t slot, const struct slot_field *field,
                         struct error *err)
{
    size_t n = (size_t)table->n_fields + 1, fields_room = table->room;
    if (array_grow(&table->fields, &fields_room, n, sizeof(*table->fields), "the slots", err) != 0 ||
        array_grow(&table->owners, &table->room, n, sizeof(*table->owners), "the slots", err) != 0)
        return -1;
    table->fields[table->n_fields] = *field;
    table->owners[table->n_fields++] = slot;
    return 0;
}

int slot_table_encode(const struct slot_table *table, void **out_data, size_t *out_size, struct error *err)
{
    const struct trailer trailer = {.n_slots = table->n_slots, .n_fields = table->n_fields, .magic = MAGIC};
    size_t slots_size = table->n_slots * sizeof(*table->slots);
    size_t fields_size = table->n_fields * sizeof(*table->fields);
    size_t owners_size = table->n_fields * sizeof(*table->owners);
    char *data = malloc(slots_size + fields_size + owners_size + sizeof(trailer));
    if (data == NULL)
        return error_errno(err, "list the slots");
    char *at = mempcpy(data, table->slots, slots_size);
    if (table->n_fields > 0) {
        at = mempcpy(at, table->fields, fields_size);
        at = mempcpy(at, table->owners, owners_size);
    }
    at = mempcpy(at, &trailer, sizeof(trailer));
    *out_data = data;
    *out_size = (size_t)(at - data);
    return 0;
}

void slot_table_release(struct slot_table *table)
{
    free(table->slots);
    free(table->fields);
    free(table->owners);
    *table = SLOT_TABLE_NONE;
}

static int copy_table(const char *data, const struct trailer *trailer, struct slot_table *table,
                      struct error *err)
{
    struct slot_field field;
    uint32_t owner;
    const char *fields = data + trailer->n_slots * sizeof(*table->slots);
    const char *owners = fields + trailer->n_fields * sizeof(field);
    if (slot_table_init(table, trailer->n_slots, err) != 0)
        return -1;
    memcpy(table->slots, data, (size_t)(fields - data));
    for (uint32_t i = 0; i < trailer->n_slots; i++)
        if (table->slots[i].capacity > SLOT_MAX || table->slots[i].off > INT64_MAX)
            return error_set(err, ERROR_INPUT, "the image's slot %u is damaged", i);
    for (uint32_t i = 0; i < trailer->n_fields; i++) {
        memcpy(&field, fields + i * sizeof(field), sizeof(field));
        memcpy(&owner, owners + i * sizeof(owner), sizeof(owner));
        if (owner >= trailer->n_slots || field.kind < SLOT_SIZE || field.kind > SLOT_CHAIN_32 ||
            field.off > INT64_MAX)
            return error_set(err, ERROR_INPUT, "field %u of the image's slots is damaged", i);
        if (slot_table_add_field(table, owner, &field, err) != 0)
            return -1;
    }
    return 0;
}

static int load(int fd, struct slot_table *table, struct error *err)
{
    struct trailer trailer;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_errno(err, "read the image's slots");
    if (st.st_size < (off_t)sizeof(trailer))
        return error_set(err, ERROR_INPUT, "the image has no slots");
    if (fd_read_exactly_at(fd, &trailer, sizeof(trailer), (uint64_t)st.st_size - sizeof(trailer),
                           "the image's slots", err) != 0)
        return -1;
    uint64_t size = (uint64_t)trailer.n_slots * sizeof(struct slot) +
                    (uint64_t)trailer.n_fields * (sizeof(struct slot_field) + sizeof(uint32_t));
    if (trailer.magic != MAGIC || size > TABLE_MAX || size > (uint64_t)st.st_size - sizeof(trailer))
        return error_set(err, ERROR_INPUT, "the image has no slots, or they are damaged");
    _cleanup_free_ char *data = malloc(size + 1);
    if (data == NULL)
        return error_errno(err, "read the image's slots");
    if (fd_read_exactly_at(fd, data, size, (uint64_t)st.st_size - sizeof(trailer) - size, "the image's slots",
                           err) != 0)
        return -1;
    return copy_table(data, &trailer, table, err);
}

/* The links of a chain of clusters: each names the next one. */
static int fill_chain(struct patch_file *file, const struct slot_field *field, size_t size, struct error *err)
{
    bool is_32 = field->kind == SLOT_CHAIN_32;
    size_t n = (size + LAYER_BLOCK_SIZE - 1) / LAYER_BLOCK_SIZE, width = is_32 ? 4 : 2;
    if (n == 0)
        return 0;
    _cleanup_free_ char *links = malloc(n * width);
    if (links == NULL)
        return error_errno(err, "fill a slot");
    for (size_t i = 0; i < n; i++) {
        uint32_t next = i + 1 < n ? field->value + (uint32_t)i + 1 : CHAIN_ENDS;
        uint32_t wide = htole32(next);
        uint16_t narrow = htole16((uint16_t)next);
        memcpy(links + i * width, is_32 ? (const void *)&wide : (const void *)&narrow, width);
    }
    return patch_file_add(file, field->off, links, n * width, err);
}

static int fill_field(struct patch_file *file, const struct slot_field *field, size_t size, struct error *err)
{
    const uint32_t both[] = {htole32((uint32_t)size), htobe32((uint32_t)size)};
    uint32_t cluster = size > 0 ? field->value : 0;
    const uint16_t halves[] = {htole16((uint16_t)cluster), htole16((uint16_t)(cluster >> 16))};
    switch (field->kind) {
    case SLOT_SIZE:
        return patch_file_add(file, field->off, both, 4, err);
    case SLOT_SIZE_BOTH:
        return patch_file_add(file, field->off, both, 8, err);
    case SLOT_CLUSTER_LOW:
        return patch_file_add(file, field->off, &halves[0], 2, err);
    case SLOT_CLUSTER_HIGH:
        return patch_file_add(file, field->off, &halves[1], 2, err);
    default:
        return fill_chain(file, field, size, err);
    }
}

int slot_table_fill(int meta_fd, const struct image_patch *patches, size_t n_patches, int *out_fd,
                    struct error *err)
{
    _cleanup_(slot_table_release) struct slot_table table = SLOT_TABLE_NONE;
    _cleanup_(patch_file_release) struct patch_file file = PATCH_FILE_NONE;
    if (load(meta_fd, &table, err) != 0)
        return -1;
    if (table.n_slots != n_patches)
        return error_set(err, ERROR_INPUT, "the image has %u slots for %zu files", table.n_slots, n_patches);
    for (size_t i = 0; i < n_patches; i++) {
        const struct slot *slot = &table.slots[i];
        if (slot->capacity == 0)
            continue;
        if (patches[i].size > slot->capacity)
            return error_set(err, ERROR_INPUT, "the image's slot for '%s' is too small", patches[i].path);
        if (patches[i].size > 0 &&
            patch_file_add(&file, slot->off, patches[i].data, patches[i].size, err) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < table.n_fields; i++)
        if (fill_field(&file, &table.fields[i], patches[table.owners[i]].size, err) != 0)
            return -1;
    return patch_file_make(&file, out_fd, err);
}
