/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The volume has two trees over the same contents: the primary one with Rock Ridge, and Joliet's.
 * Each is planned as a view: its directories in the order of the path table (level by level, in the order of
 * identifiers), and how long each one is. Behind each stands its continuation area, where readers expect it;
 * it is counted and later written in the same order, so both passes come to the same places. In the image
 * stand, in sectors: descriptors, four path tables, the directories of both views; then, from a block on, the
 * data area.
 *
 * Deep directories are not moved up, as ECMA-119 would have them at a depth of eight: no reader in use minds.
 */
#include "linear_image.h"

#include "base/bug.h"
#include "base/cleanup.h"
#include "iso_format.h"
#include "iso_name.h"
#include "rock_ridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define N_DESCRIPTORS 3u
#define VERSION_SIZE  2u /* of ";1" behind a file's identifier, in characters */

/* One directory of a view. */
struct view_dir {
    uint32_t node;
    uint32_t parent; /* its number in the view */
    uint32_t sector;
    uint32_t size;        /* bytes, whole sectors */
    uint32_t n_continued; /* sectors of the continuation area behind it */
    struct iso_name name; /* of itself */
};

struct view {
    bool is_joliet;
    bool *shows; /* of each node */
    struct view_dir *dirs;
    uint32_t n_dirs;
    uint32_t *numbers; /* of each node that is a directory: its number */
    uint64_t path_size;
    uint32_t path_sectors[2]; /* where its path tables are: little-endian, big-endian */
};

struct iso {
    const struct linear_source *source;
    const struct tree *tree;
    struct view views[2];        /* primary, Joliet */
    uint32_t *links;             /* of each directory: how many subdirectories */
    struct rock_ridge_area area; /* of the directory at work */
    uint64_t n_meta_sectors;
    uint64_t first_data_sector;
    struct linear_image image;
};

static void view_release(struct view *view)
{
    free(view->shows);
    free(view->dirs);
    free(view->numbers);
}

static void iso_release(struct iso *iso)
{
    view_release(&iso->views[0]);
    view_release(&iso->views[1]);
    free(iso->links);
    linear_image_release(&iso->image);
}

/* The regular file that a node shows in a view: in Joliet, which has no symlinks, what one leads to. */
static uint32_t find_file(const struct iso *iso, const struct view *view, uint32_t node)
{
    uint32_t end = view->is_joliet ? tree_path_follow(iso->tree, node) : node;
    return end != TREE_NOWHERE && S_ISREG(iso->tree->nodes[end].entry->mode) ? end : TREE_NOWHERE;
}

static bool is_dir(const struct iso *iso, uint32_t node)
{
    return S_ISDIR(iso->tree->nodes[node].entry->mode);
}

/* --- records --- */

/* Everything about one record. */
struct record {
    uint32_t node; /* whose attributes it has */
    enum rock_ridge_kind kind;
    const void *name;
    size_t name_size;
};

static uint32_t link_count(const struct iso *iso, uint32_t node)
{
    const struct tree_node *n = &iso->tree->nodes[node];
    return is_dir(iso, node) ? 2 + iso->links[node] : iso->tree->nodes[n->link].n_links;
}

/* Writes a record, or counts with at == NULL. Returns its size. */
static size_t put_record(struct iso *iso, const struct view *view, const struct record *record, uint8_t *at)
{
    struct rock_ridge entries;
    size_t size = sizeof(struct iso_record) + record->name_size;
    size += size % 2;
    if (!view->is_joliet) {
        rock_ridge_make(iso->tree, record->node, record->kind, link_count(iso, record->node), &entries);
        size += rock_ridge_place(&entries, ISO_RECORD_MAX - size, at != NULL ? at + size : NULL, &iso->area);
        size += size % 2;
    }
    if (at == NULL)
        return size;

    uint32_t file = find_file(iso, view, record->node);
    struct iso_record r = {.size = (uint8_t)size,
                           .flags = is_dir(iso, record->node) ? ISO_DIRECTORY : 0,
                           .volume = iso_both16(1),
                           .name_size = (uint8_t)record->name_size};
    rock_ridge_put_date(r.date, iso->tree->nodes[record->node].mtime);
    if (is_dir(iso, record->node)) {
        const struct view_dir *dir = &view->dirs[view->numbers[record->node]];
        r.sector = iso_both32(dir->sector);
        r.data_size = iso_both32(dir->size);
    } else if (file != TREE_NOWHERE) {
        uint64_t size_of_file = file_layout_contents(iso->source->files, file)->size;
        uint64_t sector = iso->first_data_sector + iso->source->files->firsts[file] * ISO_SECTORS_PER_BLOCK;
        bool is_slot = linear_image_slot(iso->source, file) != UINT32_MAX;
        r.sector = iso_both32(size_of_file > 0 ? (uint32_t)sector : 0);
        r.data_size = iso_both32(is_slot ? 0 : (uint32_t)size_of_file);
    }
    memcpy(at, &r, sizeof(r));
    memcpy(at + sizeof(r), record->name, record->name_size);
    return size;
}

/* Notes that a record's size changes when a slot is filled. */
static int note_slot(struct iso *iso, const struct view *view, uint32_t node, const uint8_t *at,
                     struct error *err)
{
    uint32_t file = find_file(iso, view, node);
    uint32_t slot = file == TREE_NOWHERE ? UINT32_MAX : linear_image_slot(iso->source, file);
    if (slot == UINT32_MAX)
        return 0;
    const struct slot_field field = {
        (uint64_t)(at - iso->image.bytes) + offsetof(struct iso_record, data_size), SLOT_SIZE_BOTH, 0};
    const struct file_layout *files = iso->source->files;
    iso->image.table.slots[slot] = (struct slot){.off = iso->first_data_sector * ISO_SECTOR_SIZE +
                                                        files->firsts[file] * LAYER_BLOCK_SIZE,
                                                 .capacity = file_layout_contents(files, file)->size};
    return slot_table_add_field(&iso->image.table, slot, &field, err);
}

/* Where the next record goes in a directory: records do not cross sectors. */
static uint64_t skip_to_fit(uint64_t used, size_t size)
{
    uint64_t left = ISO_SECTOR_SIZE - used % ISO_SECTOR_SIZE;
    return size > left ? used + left : used;
}

/* Adds a record to a directory of which *used bytes are taken; bytes is NULL when it is only counted. */
static int add_record(struct iso *iso, const struct view *view, const struct record *record, uint8_t *bytes,
                      uint64_t *used, struct error *err)
{
    struct rock_ridge_area counting = iso->area;
    struct rock_ridge_area actual = iso->area;
    counting.bytes = NULL;
    iso->area = counting;
    size_t size = put_record(iso, view, record, NULL);
    *used = skip_to_fit(*used, size);
    if (bytes != NULL) {
        iso->area = actual;
        put_record(iso, view, record, bytes + *used);
        if (record->kind == ROCK_RIDGE_CHILD && note_slot(iso, view, record->node, bytes + *used, err) != 0)
            return -1;
    }
    *used += size;
    return 0;
}

/* The records of a directory, in order. */
static int add_directory(struct iso *iso, const struct view *view, const struct view_dir *dir, uint8_t *bytes,
                         uint64_t *out_used, struct error *err)
{
    _cleanup_(iso_dir_release) struct iso_dir children = ISO_DIR_NONE;
    const struct record self = {dir->node, dir->node == 0 ? ROCK_RIDGE_ROOT : ROCK_RIDGE_SELF, "\0", 1};
    const struct record parent = {iso->tree->nodes[dir->node].parent, ROCK_RIDGE_SELF, "\1", 1};
    uint32_t sector = dir->sector + dir->size / ISO_SECTOR_SIZE;
    iso->area = (struct rock_ridge_area){.bytes = bytes != NULL ? bytes + dir->size : NULL, .sector = sector};
    *out_used = 0;
    if (iso_dir_init(&children, iso->tree, dir->node, view->shows, view->is_joliet, err) != 0 ||
        add_record(iso, view, &self, bytes, out_used, err) != 0 ||
        add_record(iso, view, &parent, bytes, out_used, err) != 0)
        return -1;
    for (uint32_t i = 0; i < children.n; i++) {
        uint8_t name[ISO_NAME_MAX + 2 * VERSION_SIZE];
        struct record record = {children.nodes[i], ROCK_RIDGE_CHILD, name, children.names[i].size};
        memcpy(name, children.names[i].bytes, record.name_size);
        if (!is_dir(iso, record.node)) {
            memcpy(name + record.name_size, view->is_joliet ? "\0;\0001" : ";1",
                   view->is_joliet ? 2 * VERSION_SIZE : VERSION_SIZE);
            record.name_size += view->is_joliet ? 2 * VERSION_SIZE : VERSION_SIZE;
        }
        if (add_record(iso, view, &record, bytes, out_used, err) != 0)
            return -1;
    }
    return 0;
}

/* --- plan --- */

static int check_node(const struct iso *iso, uint32_t node, struct error *err)
{
    const struct layer_entry *e = iso->tree->nodes[node].entry;
    bool is_large = S_ISREG(e->mode) && file_layout_contents(iso->source->files, node)->size > UINT32_MAX;
    char path[PATH_MAX];
    if (!is_large && (!S_ISLNK(e->mode) || e->target_size < PATH_MAX))
        return 0;
    if (tree_path_of(iso->tree, node, path, err) != 0)
        return -1;
    return error_set(err, ERROR_REFUSED, "'/%s' cannot be in an ISO 9660 image: %s", path,
                     is_large ? "it is larger than 4 GiB" : "its target is too long");
}

static int choose_shown(const struct iso *iso, struct view *view, struct error *err)
{
    for (uint32_t i = 0; i < iso->tree->n_nodes; i++) {
        if (check_node(iso, i, err) != 0)
            return -1;
        view->shows[i] = !view->is_joliet || is_dir(iso, i) || find_file(iso, view, i) != TREE_NOWHERE;
    }
    return 0;
}

/* Appends the subdirectories of a directory to the view. */
static int add_subdirectories(struct iso *iso, struct view *view, uint32_t number, struct error *err)
{
    _cleanup_(iso_dir_release) struct iso_dir children = ISO_DIR_NONE;
    if (iso_dir_init(&children, iso->tree, view->dirs[number].node, view->shows, view->is_joliet, err) != 0)
        return -1;
    for (uint32_t i = 0; i < children.n; i++) {
        if (!is_dir(iso, children.nodes[i]))
            continue;
        if (view->n_dirs == ISO_DIRS_MAX)
            return error_set(err, ERROR_REFUSED, "ISO 9660 cannot have more than %u directories",
                             ISO_DIRS_MAX);
        view->numbers[children.nodes[i]] = view->n_dirs;
        view->dirs[view->n_dirs++] =
            (struct view_dir){.node = children.nodes[i], .parent = number, .name = children.names[i]};
    }
    return 0;
}

static uint32_t sectors_of(uint64_t size)
{
    return (uint32_t)((size + ISO_SECTOR_SIZE - 1) / ISO_SECTOR_SIZE);
}

static int plan_view(struct iso *iso, struct view *view, struct error *err)
{
    uint32_t n_dirs = 1;
    for (uint32_t i = 1; i < iso->tree->n_nodes; i++)
        n_dirs += is_dir(iso, i);
    view->shows = calloc(iso->tree->n_nodes, sizeof(*view->shows));
    view->numbers = calloc(iso->tree->n_nodes, sizeof(*view->numbers));
    view->dirs = calloc(n_dirs, sizeof(*view->dirs));
    if (view->shows == NULL || view->numbers == NULL || view->dirs == NULL)
        return error_errno(err, "plan an ISO 9660 image");
    if (choose_shown(iso, view, err) != 0)
        return -1;
    view->dirs[0] = (struct view_dir){.name = {.size = 1}};
    view->n_dirs = 1;
    for (uint32_t i = 0; i < view->n_dirs; i++)
        if (add_subdirectories(iso, view, i, err) != 0)
            return -1;
    for (uint32_t i = 0; i < view->n_dirs; i++) {
        struct view_dir *dir = &view->dirs[i];
        uint64_t used = 0;
        view->path_size += sizeof(struct iso_path_entry) + dir->name.size + dir->name.size % 2u;
        if (add_directory(iso, view, dir, NULL, &used, err) != 0)
            return -1;
        dir->size = sectors_of(used) * ISO_SECTOR_SIZE;
        dir->n_continued = sectors_of(iso->area.used);
    }
    return 0;
}

/* Gives everything its sector. */
static int place(struct iso *iso, struct error *err)
{
    uint64_t next = ISO_FIRST_SECTOR + N_DESCRIPTORS;
    for (int i = 0; i < 4; i++) {
        iso->views[i / 2].path_sectors[i % 2] = (uint32_t)next;
        next += sectors_of(iso->views[i / 2].path_size);
    }
    for (int v = 0; v < 2; v++) {
        for (uint32_t i = 0; i < iso->views[v].n_dirs; i++) {
            iso->views[v].dirs[i].sector = (uint32_t)next;
            next += iso->views[v].dirs[i].size / ISO_SECTOR_SIZE + iso->views[v].dirs[i].n_continued;
        }
    }
    iso->n_meta_sectors = next + next % ISO_SECTORS_PER_BLOCK;
    iso->first_data_sector = iso->n_meta_sectors;
    uint64_t end = iso->n_meta_sectors + iso->source->files->n_blocks * ISO_SECTORS_PER_BLOCK;
    if (end > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "the tree's %llu blocks are too many for ISO 9660",
                         (unsigned long long)iso->source->files->n_blocks);
    return 0;
}

/* --- emission --- */

static uint8_t *sector_at(const struct iso *iso, uint32_t sector)
{
    return iso->image.bytes + (uint64_t)sector * ISO_SECTOR_SIZE;
}

static void emit_path_table(const struct iso *iso, const struct view *view, bool is_big)
{
    uint8_t *at = sector_at(iso, view->path_sectors[is_big]);
    for (uint32_t i = 0; i < view->n_dirs; i++) {
        const struct view_dir *dir = &view->dirs[i];
        uint16_t parent = (uint16_t)(dir->parent + 1);
        const struct iso_path_entry entry = {.name_size = dir->name.size,
                                             .sector = is_big ? htobe32(dir->sector) : htole32(dir->sector),
                                             .parent = is_big ? htobe16(parent) : htole16(parent)};
        memcpy(at, &entry, sizeof(entry));
        memcpy(at + sizeof(entry), dir->name.bytes, dir->name.size);
        at += sizeof(entry) + dir->name.size + dir->name.size % 2u;
    }
}

static int64_t newest_time(const struct tree *tree)
{
    int64_t newest = 0;
    for (uint32_t i = 0; i < tree->n_nodes; i++)
        if (tree->nodes[i].mtime > newest)
            newest = tree->nodes[i].mtime;
    return newest;
}

/* A date in digits (ECMA-119, 8.4.26.1); the zone behind them stays 0, UTC. */
static void put_long_date(uint8_t at[17], int64_t seconds)
{
    uint8_t date[7];
    char digits[40];
    rock_ridge_put_date(date, seconds);
    snprintf(digits, sizeof(digits), "%04u%02u%02u%02u%02u%02u00", 1900u + date[0], date[1], date[2], date[3],
             date[4], date[5]);
    memcpy(at, digits, 16);
}

/* Fills a text with spaces, which have two bytes in Joliet, and puts ASCII letters at its start. */
static void put_text(uint8_t *at, size_t size, const char *text, bool is_joliet)
{
    size_t width = is_joliet ? 2 : 1;
    memset(at, is_joliet ? 0 : ' ', size);
    for (size_t i = width - 1; i < size; i += width) {
        at[i] = *text != '\0' ? (uint8_t)*text : ' ';
        text += *text != '\0';
    }
}

static void emit_descriptor(struct iso *iso, const struct view *view, uint32_t sector)
{
    uint64_t n_sectors = iso->n_meta_sectors + iso->source->files->n_blocks * ISO_SECTORS_PER_BLOCK;
    const struct record root = {0, ROCK_RIDGE_SELF, "\0", 1};
    struct view bare = *view;
    struct iso_volume volume = {.type = view->is_joliet ? 2 : 1,
                                .magic = {'C', 'D', '0', '0', '1'},
                                .version = 1,
                                .n_sectors = iso_both32((uint32_t)n_sectors),
                                .set_size = iso_both16(1),
                                .sequence = iso_both16(1),
                                .block_size = iso_both16(ISO_SECTOR_SIZE),
                                .path_size = iso_both32((uint32_t)view->path_size),
                                .path_le = htole32(view->path_sectors[0]),
                                .path_be = htobe32(view->path_sectors[1]),
                                .structure_version = 1};
    put_text(volume.system, sizeof(volume.system), "", view->is_joliet);
    put_text(volume.volume, sizeof(volume.volume), "WHERRY", view->is_joliet);
    put_text(volume.texts, sizeof(volume.texts), "", view->is_joliet);
    if (view->is_joliet)
        memcpy(volume.escapes, "%/E", 3);
    put_long_date(volume.created, newest_time(iso->tree));
    memcpy(volume.modified, volume.created, sizeof(volume.modified));
    memset(volume.expires, '0', 16);
    memcpy(volume.effective, volume.created, sizeof(volume.effective));
    /* The root's record here has no Rock Ridge entries. */
    bare.is_joliet = true;
    put_record(iso, &bare, &root, (uint8_t *)&volume.root);
    memcpy(sector_at(iso, sector), &volume, sizeof(volume));
}

static int emit(struct iso *iso, struct error *err)
{
    for (uint32_t v = 0; v < 2; v++) {
        const struct view *view = &iso->views[v];
        emit_descriptor(iso, view, ISO_FIRST_SECTOR + v);
        emit_path_table(iso, view, false);
        emit_path_table(iso, view, true);
        for (uint32_t i = 0; i < view->n_dirs; i++) {
            uint64_t used;
            if (add_directory(iso, view, &view->dirs[i], sector_at(iso, view->dirs[i].sector), &used, err) !=
                0)
                return -1;
            BUG_ON(used > view->dirs[i].size || sectors_of(iso->area.used) != view->dirs[i].n_continued);
        }
    }
    memcpy(sector_at(iso, ISO_FIRST_SECTOR + 2), "\377CD001\1", 7);
    return 0;
}

int iso_image_make(const struct linear_source *source, struct linear_image *out, struct error *err)
{
    _cleanup_(iso_release) struct iso iso = {
        .source = source, .tree = source->tree, .views = {{.is_joliet = false}, {.is_joliet = true}}};
    iso.links = calloc(source->tree->n_nodes, sizeof(*iso.links));
    if (iso.links == NULL)
        return error_errno(err, "plan an ISO 9660 image");
    for (uint32_t i = 1; i < source->tree->n_nodes; i++)
        iso.links[source->tree->nodes[i].parent] += is_dir(&iso, i);
    if (plan_view(&iso, &iso.views[0], err) != 0 || plan_view(&iso, &iso.views[1], err) != 0 ||
        place(&iso, err) != 0 ||
        linear_image_init(&iso.image, source, iso.n_meta_sectors * ISO_SECTOR_SIZE, err) != 0 ||
        emit(&iso, err) != 0)
        return -1;
    iso.image.n_blocks += source->files->n_blocks;
    *out = iso.image;
    iso.image = LINEAR_IMAGE_NONE;
    return 0;
}
