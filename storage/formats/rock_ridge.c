/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. An entry is two letters, its size, a version and data; no entry is longer than 255 bytes, so long
 * names and targets are spread over several. They are made in one buffer and then dealt out: to the record as
 * many as fit, and when that is not all, to a continuation area, which CE entries lead to.
 */
#include "rock_ridge.h"

#include "iso_format.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ENTRY_MAX   255u
#define HEAD        4u   /* letters, size, version */
#define NAME_PART   248u /* of a name in one NM entry */
#define CE_SIZE     28u
#define CONTINUES   0x01u /* flag of NM, SL and of a component of SL */
#define SL_CURRENT  0x02u
#define SL_PARENT   0x04u
#define SL_ROOT     0x08u
#define TF_TIMES    0x0eu /* modification, access, attribute change */
#define SECTOR_MASK (ISO_SECTOR_SIZE - 1u)

/* Starts an entry; its size is set by end_entry(). */
static uint8_t *start_entry(struct rock_ridge *out, const char letters[2])
{
    uint8_t *entry = out->bytes + out->size;
    memcpy(entry, letters, 2);
    entry[2] = HEAD;
    entry[3] = 1;
    out->size += HEAD;
    return entry;
}

static void add_bytes(struct rock_ridge *out, uint8_t *entry, const void *bytes, size_t size)
{
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    entry[2] = (uint8_t)(entry[2] + size);
}

static void add_byte(struct rock_ridge *out, uint8_t *entry, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    add_bytes(out, entry, &byte, 1);
}

static void add_both(struct rock_ridge *out, uint8_t *entry, uint32_t value)
{
    const struct iso_both32 both = iso_both32(value);
    add_bytes(out, entry, &both, sizeof(both));
}

void rock_ridge_put_date(uint8_t at[7], int64_t seconds)
{
    const int64_t first = -2208988800, last = 5869583999; /* 1900-01-01 00:00:00, 2155-12-31 23:59:59 */
    time_t t = (time_t)(seconds < first ? first : seconds > last ? last : seconds);
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    const int fields[] = {tm.tm_year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec % 60, 0};
    for (int i = 0; i < 7; i++)
        at[i] = (uint8_t)fields[i];
}

static void add_posix(struct rock_ridge *out, const struct tree_node *node, uint32_t n_links)
{
    uint8_t date[7];
    uint8_t *entry = start_entry(out, "PX");
    add_both(out, entry, node->entry->mode);
    add_both(out, entry, n_links);
    add_both(out, entry, node->uid);
    add_both(out, entry, node->gid);
    entry = start_entry(out, "TF");
    add_byte(out, entry, TF_TIMES);
    rock_ridge_put_date(date, node->mtime);
    for (int i = 0; i < 3; i++)
        add_bytes(out, entry, date, sizeof(date));
    if (!S_ISCHR(node->entry->mode) && !S_ISBLK(node->entry->mode))
        return;
    entry = start_entry(out, "PN");
    add_both(out, entry, node->entry->major);
    add_both(out, entry, node->entry->minor);
}

static void add_name(struct rock_ridge *out, const char *name, size_t size)
{
    while (size > 0) {
        size_t part = size < NAME_PART ? size : NAME_PART;
        uint8_t *entry = start_entry(out, "NM");
        add_byte(out, entry, part < size ? CONTINUES : 0);
        add_bytes(out, entry, name, part);
        name += part;
        size -= part;
    }
}

/* Adds one component of a target, over as many entries as it takes. *entry is the last one. */
static void add_component(struct rock_ridge *out, uint8_t **entry, unsigned flags, const char *name,
                          size_t size)
{
    do {
        if (ENTRY_MAX - (*entry)[2] < (size > 0 ? 3u : 2u)) {
            (*entry)[HEAD] = CONTINUES;
            *entry = start_entry(out, "SL");
            add_byte(out, *entry, 0);
        }
        size_t room = ENTRY_MAX - (*entry)[2] - 2, part = size < room ? size : room;
        add_byte(out, *entry, flags | (part < size ? CONTINUES : 0));
        add_byte(out, *entry, (unsigned)part);
        add_bytes(out, *entry, name, part);
        name += part;
        size -= part;
    } while (size > 0);
}

static void add_target(struct rock_ridge *out, const char *target, size_t size)
{
    const char *end = target + size;
    uint8_t *entry = start_entry(out, "SL");
    add_byte(out, entry, 0);
    if (target[0] == '/')
        add_component(out, &entry, SL_ROOT, target, 0);
    while (target < end) {
        const char *slash = memchr(target, '/', (size_t)(end - target));
        size_t part = (size_t)((slash != NULL ? slash : end) - target);
        bool is_dots = part <= 2 && memcmp(target, "..", part) == 0;
        if (part > 0 && is_dots)
            add_component(out, &entry, part == 1 ? SL_CURRENT : SL_PARENT, target, 0);
        else if (part > 0)
            add_component(out, &entry, 0, target, part);
        target += part + (slash != NULL);
    }
}

/* SP and ER: that System Use entries are there, and which. */
static void add_announcement(struct rock_ridge *out)
{
    static const char id[] = "RRIP_1991A", text[] = "THE ROCK RIDGE INTERCHANGE PROTOCOL",
                      source[] = "IEEE P1282";
    const uint8_t sizes[] = {sizeof(id) - 1, sizeof(text) - 1, sizeof(source) - 1, 1};
    uint8_t *entry = start_entry(out, "SP");
    add_bytes(out, entry, "\xbe\xef\0", 3);
    entry = start_entry(out, "ER");
    add_bytes(out, entry, sizes, sizeof(sizes));
    add_bytes(out, entry, id, sizeof(id) - 1);
    add_bytes(out, entry, text, sizeof(text) - 1);
    add_bytes(out, entry, source, sizeof(source) - 1);
}

void rock_ridge_make(const struct tree *tree, uint32_t node, enum rock_ridge_kind kind, uint32_t n_links,
                     struct rock_ridge *out)
{
    const struct tree_node *n = &tree->nodes[node];
    out->size = 0;
    if (kind == ROCK_RIDGE_ROOT)
        add_announcement(out);
    add_posix(out, n, n_links);
    if (kind == ROCK_RIDGE_CHILD)
        add_name(out, n->name, n->entry->name_size);
    if (kind == ROCK_RIDGE_CHILD && S_ISLNK(n->entry->mode))
        add_target(out, tree->layers[n->layer].strings + n->entry->target, n->entry->target_size);
}

/* How many bytes from `from` on are whole entries that fit into room. */
static size_t count_fitting(const struct rock_ridge *entries, size_t from, size_t room)
{
    size_t n = 0;
    while (from + n < entries->size && n + entries->bytes[from + n + 2] <= room)
        n += entries->bytes[from + n + 2];
    return n;
}

static void put_continuation(uint8_t *at, uint32_t sector, uint32_t offset, uint32_t size)
{
    const struct iso_both32 fields[] = {iso_both32(sector), iso_both32(offset), iso_both32(size)};
    memcpy(at, "CE\x1c\x01", HEAD);
    memcpy(at + HEAD, fields, sizeof(fields));
}

size_t rock_ridge_place(const struct rock_ridge *entries, size_t room, uint8_t *at,
                        struct rock_ridge_area *area)
{
    size_t done = 0, inside = 0;
    for (bool is_record = true;; is_record = false) {
        size_t rest = entries->size - done;
        bool is_last = rest <= room;
        size_t n = is_last ? rest : count_fitting(entries, done, room - CE_SIZE);
        if (at != NULL)
            memcpy(at, entries->bytes + done, n);
        done += n;
        if (is_record)
            inside = n + (is_last ? 0 : CE_SIZE);
        if (is_last)
            return inside;

        /* The rest stays in one sector if one can hold it. */
        size_t wanted = entries->size - done, left = ISO_SECTOR_SIZE - (area->used & SECTOR_MASK);
        if (wanted > left)
            area->used += left & SECTOR_MASK;
        uint64_t where = area->used;
        size_t size = wanted;
        room = ISO_SECTOR_SIZE;
        if (wanted > room)
            size = count_fitting(entries, done, room - CE_SIZE) + CE_SIZE;
        if (at != NULL)
            put_continuation(at + n, area->sector + (uint32_t)(where / ISO_SECTOR_SIZE),
                             (uint32_t)(where & SECTOR_MASK), (uint32_t)size);
        at = area->bytes == NULL ? NULL : area->bytes + where;
        area->used += size;
    }
}
