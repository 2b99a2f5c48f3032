/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Clusters are blocks, and the volume's own sectors before them are rounded up to whole blocks. So
 * the generated part is the boot sector, both FATs, the root directory of FAT16 and then, as the first
 * clusters, all other directories; the data area follows, and free clusters that the image has no extent for.
 * Every file stands in one piece, so its chain counts up.
 *
 * Names come first, as they decide how long directories are; then the number of clusters, which decides
 * between FAT16 and FAT32 and how long the FATs are.
 */
#include "linear_image.h"

#include "base/cleanup.h"
#include "fat_name.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SPARE_CLUSTERS     256u
#define ROOT_ENTRIES_MIN   512u
#define ROOT_ENTRIES_ALIGN 128u /* a block of them */
#define ROOT_ENTRIES_MAX   65408u

struct fat {
    const struct linear_source *source;
    const struct tree *tree;
    bool *shows;            /* of each node */
    struct fat_name *names; /* of each node */
    uint32_t *dir_clusters; /* of each directory: its first cluster */
    bool is_32;
    uint32_t n_clusters;
    uint32_t n_dir_clusters;
    uint32_t reserved_sectors, fat_sectors, root_entries;
    uint8_t *links;    /* the first FAT */
    uint8_t *clusters; /* the first cluster */
    struct linear_image image;
};

static void fat_release(struct fat *fat)
{
    free(fat->shows);
    free(fat->names);
    free(fat->dir_clusters);
    linear_image_release(&fat->image);
}

static int refuse(const struct fat *fat, uint32_t node, const char *why, struct error *err)
{
    char path[PATH_MAX];
    if (tree_path_of(fat->tree, node, path, err) != 0)
        return -1;
    return error_set(err, ERROR_REFUSED, "'/%s' cannot be in a FAT image: %s", path, why);
}

/* --- plan --- */

/* Directories and files; and symlinks to files, unless these are the container's own. */
static bool is_shown(const struct fat *fat, uint32_t node)
{
    uint32_t shown = fat->source->files->shown[node];
    if (S_ISDIR(fat->tree->nodes[node].entry->mode))
        return true;
    return shown != TREE_NOWHERE && (shown == node || linear_image_slot(fat->source, shown) == UINT32_MAX);
}

static uint64_t count_entries(const struct fat *fat, uint32_t dir)
{
    const struct tree_node *d = &fat->tree->nodes[dir];
    uint64_t n = dir == 0 ? 0 : 2;
    for (uint32_t i = d->first; i < d->first + d->n; i++)
        n += fat->shows[i] ? 1u + fat->names[i].n_long : 0;
    return n;
}

static uint32_t dir_length(const struct fat *fat, uint32_t dir)
{
    uint64_t n =
        (count_entries(fat, dir) * sizeof(struct fat_dirent) + FAT_CLUSTER_SIZE - 1) / FAT_CLUSTER_SIZE;
    return n == 0 ? 1 : (uint32_t)n;
}

static int name_nodes(struct fat *fat, struct error *err)
{
    const struct tree *tree = fat->tree;
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        fat->shows[i] = is_shown(fat, i);
        if (S_ISREG(tree->nodes[i].entry->mode) &&
            file_layout_contents(fat->source->files, i)->size > UINT32_MAX)
            return refuse(fat, i, "it is larger than 4 GiB", err);
    }
    for (uint32_t i = 0; i < tree->n_nodes; i++) {
        const struct tree_node *node = &tree->nodes[i];
        if (!S_ISDIR(node->entry->mode))
            continue;
        if (fat_name_assign(tree, i, fat->shows + node->first, fat->names + node->first, err) != 0)
            return -1;
        if (count_entries(fat, i) > FAT_DIR_ENTRIES_MAX)
            return refuse(fat, i, "the directory has too many entries", err);
    }
    return 0;
}

/* Places the directories from the first cluster on. The root of FAT16 is none of them. */
static void place_directories(struct fat *fat)
{
    fat->n_dir_clusters = 0;
    for (uint32_t i = 0; i < fat->tree->n_nodes; i++) {
        if (!S_ISDIR(fat->tree->nodes[i].entry->mode) || (i == 0 && !fat->is_32))
            continue;
        fat->dir_clusters[i] = FAT_FIRST_CLUSTER + fat->n_dir_clusters;
        fat->n_dir_clusters += dir_length(fat, i);
    }
}

static uint64_t needed_clusters(const struct fat *fat)
{
    return fat->n_dir_clusters + fat->source->files->n_blocks + SPARE_CLUSTERS;
}

static int plan_volume(struct fat *fat, struct error *err)
{
    uint64_t n_root = count_entries(fat, 0);
    place_directories(fat);
    if (needed_clusters(fat) > FAT_16_CLUSTERS_MAX || n_root > ROOT_ENTRIES_MAX) {
        fat->is_32 = true;
        place_directories(fat);
    }
    uint64_t n = needed_clusters(fat);
    uint32_t least = fat->is_32 ? FAT_32_CLUSTERS_MIN : FAT_16_CLUSTERS_MIN;
    if (n > FAT_32_CLUSTERS_MAX)
        return error_set(err, ERROR_REFUSED, "the tree's %llu blocks are too many for FAT",
                         (unsigned long long)n);
    fat->n_clusters = n < least ? least : (uint32_t)n;
    uint64_t fat_bytes = (fat->n_clusters + (uint64_t)FAT_FIRST_CLUSTER) * (fat->is_32 ? 4 : 2);
    fat->fat_sectors =
        (uint32_t)((fat_bytes + FAT_CLUSTER_SIZE - 1) / FAT_CLUSTER_SIZE) * FAT_SECTORS_PER_CLUSTER;
    fat->reserved_sectors = fat->is_32 ? 4 * FAT_SECTORS_PER_CLUSTER : FAT_SECTORS_PER_CLUSTER;
    if (!fat->is_32) {
        uint64_t wanted = n_root < ROOT_ENTRIES_MIN ? ROOT_ENTRIES_MIN : n_root;
        fat->root_entries =
            (uint32_t)((wanted + ROOT_ENTRIES_ALIGN - 1) / ROOT_ENTRIES_ALIGN * ROOT_ENTRIES_ALIGN);
    }
    return 0;
}

/* Bytes before the first cluster. */
static uint64_t head_size(const struct fat *fat)
{
    return (fat->reserved_sectors + 2ull * fat->fat_sectors) * FAT_SECTOR_SIZE +
           fat->root_entries * sizeof(struct fat_dirent);
}

/* --- emission --- */

static void set_link(struct fat *fat, uint32_t cluster, uint32_t value)
{
    const uint32_t wide = htole32(value);
    const uint16_t narrow = htole16((uint16_t)value);
    if (fat->is_32)
        memcpy(fat->links + (uint64_t)cluster * 4, &wide, 4);
    else
        memcpy(fat->links + (uint64_t)cluster * 2, &narrow, 2);
}

static void set_chain(struct fat *fat, uint32_t first, uint64_t n)
{
    for (uint64_t i = 1; i < n; i++)
        set_link(fat, first + (uint32_t)i - 1, first + (uint32_t)i);
    if (n > 0)
        set_link(fat, first + (uint32_t)n - 1, FAT_END_32);
}

/* The date and time fields for a time: in UTC, from 1980 to 2107, in steps of two seconds. */
static void set_times(struct fat_dirent *d, int64_t seconds)
{
    const int64_t first = 315532800, last = 4354819198; /* 1980-01-01 00:00:00, 2107-12-31 23:59:58 */
    time_t t = (time_t)(seconds < first ? first : seconds > last ? last : seconds);
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    d->write_date = htole16((uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday));
    d->write_time = htole16((uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2));
    d->create_date = d->access_date = d->write_date;
    d->create_time = d->write_time;
}

static void set_cluster(struct fat_dirent *d, uint32_t cluster)
{
    d->cluster_low = htole16((uint16_t)cluster);
    d->cluster_high = htole16((uint16_t)(cluster >> 16));
}

static uint8_t *emit_long_name(const struct fat *fat, uint32_t node, uint8_t *at)
{
    const struct tree_node *n = &fat->tree->nodes[node];
    const struct fat_name *name = &fat->names[node];
    uint16_t units[FAT_NAME_MAX + FAT_LONG_UNITS];
    struct error ignored; /* the name was accepted when it was planned */
    int size = fat_name_encode(n->name, n->entry->name_size, units, &ignored);

    for (uint32_t part = name->n_long; part > 0; part--, at += sizeof(struct fat_long)) {
        struct fat_long entry = {.order = (uint8_t)(part | (part == name->n_long ? 0x40u : 0u)),
                                 .attributes = FAT_LONG_NAME,
                                 .checksum = fat_name_checksum(name->short_name)};
        uint16_t text[FAT_LONG_UNITS];
        for (uint32_t i = 0; i < FAT_LONG_UNITS; i++) {
            int from = (int)((part - 1) * FAT_LONG_UNITS + i);
            text[i] = from < size ? htole16(units[from]) : from == size ? 0 : 0xffff;
        }
        memcpy(entry.units_1, text, sizeof(entry.units_1));
        memcpy(entry.units_2, text + 5, sizeof(entry.units_2));
        memcpy(entry.units_3, text + 11, sizeof(entry.units_3));
        memcpy(at, &entry, sizeof(entry));
    }
    return at;
}

/* Notes what changes when a slot is filled; its directory entry is at off in the image. */
static int add_slot(struct fat *fat, uint32_t slot, uint64_t off, uint32_t cluster, uint64_t size,
                    struct error *err)
{
    const uint32_t chain = fat->is_32 ? SLOT_CHAIN_32 : SLOT_CHAIN_16;
    const uint64_t link =
        (uint64_t)(fat->links - fat->image.bytes) + (uint64_t)cluster * (fat->is_32 ? 4 : 2);
    const struct slot_field fields[] = {
        {off + offsetof(struct fat_dirent, size), SLOT_SIZE, 0},
        {off + offsetof(struct fat_dirent, cluster_low), SLOT_CLUSTER_LOW, cluster},
        {off + offsetof(struct fat_dirent, cluster_high), SLOT_CLUSTER_HIGH, cluster},
        {link, chain, cluster},
        {link + (uint64_t)fat->fat_sectors * FAT_SECTOR_SIZE, chain, cluster}};
    fat->image.table.slots[slot] = (struct slot){
        .off = head_size(fat) + (uint64_t)(cluster - FAT_FIRST_CLUSTER) * FAT_CLUSTER_SIZE, .capacity = size};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (slot_table_add_field(&fat->image.table, slot, &fields[i], err) != 0)
            return -1;
    return 0;
}

static int emit_entry(struct fat *fat, uint32_t node, uint8_t **at, struct error *err)
{
    const struct tree_node *n = &fat->tree->nodes[node];
    struct fat_dirent d = {.attributes = FAT_DIRECTORY};
    uint32_t slot = linear_image_slot(fat->source, node);
    uint32_t cluster = fat->dir_clusters[node];

    *at = emit_long_name(fat, node, *at);
    memcpy(d.name, fat->names[node].short_name, sizeof(d.name));
    set_times(&d, n->mtime);
    if (!S_ISDIR(n->entry->mode)) {
        const struct layer_entry *e = file_layout_contents(fat->source->files, node);
        cluster = FAT_FIRST_CLUSTER + fat->n_dir_clusters + (uint32_t)fat->source->files->firsts[node];
        d.attributes = (uint8_t)(FAT_ARCHIVE | ((e->mode & 0222) == 0 ? FAT_READ_ONLY : 0));
        if (slot != UINT32_MAX) {
            if (add_slot(fat, slot, (uint64_t)(*at - fat->image.bytes), cluster, e->size, err) != 0)
                return -1;
            cluster = 0;
        } else {
            d.size = htole32((uint32_t)e->size);
            set_chain(fat, cluster, (e->size + FAT_CLUSTER_SIZE - 1) / FAT_CLUSTER_SIZE);
            cluster = e->size > 0 ? cluster : 0;
        }
    }
    set_cluster(&d, cluster);
    memcpy(*at, &d, sizeof(d));
    *at += sizeof(d);
    return 0;
}

/* "." and "..", which names the root as cluster 0. */
static uint8_t *emit_dots(const struct fat *fat, uint32_t dir, uint8_t *at)
{
    const struct tree_node *node = &fat->tree->nodes[dir];
    for (size_t dots = 1; dots <= 2; dots++, at += sizeof(struct fat_dirent)) {
        uint32_t named = dots == 1 ? dir : node->parent;
        struct fat_dirent d = {.attributes = FAT_DIRECTORY};
        memset(d.name, ' ', sizeof(d.name));
        memset(d.name, '.', dots);
        set_times(&d, fat->tree->nodes[named].mtime);
        set_cluster(&d, named == 0 ? 0 : fat->dir_clusters[named]);
        memcpy(at, &d, sizeof(d));
    }
    return at;
}

static int emit_directory(struct fat *fat, uint32_t dir, struct error *err)
{
    const struct tree_node *node = &fat->tree->nodes[dir];
    uint8_t *at = fat->clusters - fat->root_entries * sizeof(struct fat_dirent);
    if (fat->is_32 || dir != 0) {
        at = fat->clusters + (uint64_t)(fat->dir_clusters[dir] - FAT_FIRST_CLUSTER) * FAT_CLUSTER_SIZE;
        set_chain(fat, fat->dir_clusters[dir], dir_length(fat, dir));
    }
    if (dir != 0)
        at = emit_dots(fat, dir, at);
    for (uint32_t i = node->first; i < node->first + node->n; i++)
        if (fat->shows[i] && emit_entry(fat, i, &at, err) != 0)
            return -1;
    return 0;
}

static void emit_end(const struct fat *fat, uint8_t *at)
{
    uint8_t digest[DIGEST_SIZE];
    struct fat_boot_end end = {.drive = 0x80, .signature = 0x29, .label = "NO NAME   "};
    end.label[10] = ' ';
    memcpy(end.type, fat->is_32 ? "FAT32   " : "FAT16   ", sizeof(end.type));
    tree_digest(fat->tree, digest);
    memcpy(&end.volume_id, digest, sizeof(end.volume_id));
    memcpy(at, &end, sizeof(end));
}

static void emit_boot(struct fat *fat)
{
    uint8_t *bytes = fat->image.bytes;
    uint64_t n_sectors =
        head_size(fat) / FAT_SECTOR_SIZE + (uint64_t)fat->n_clusters * FAT_SECTORS_PER_CLUSTER;
    bool is_small = !fat->is_32 && n_sectors <= UINT16_MAX;
    struct fat_boot boot = {.jump = {0xeb, fat->is_32 ? 0x58 : 0x3c, 0x90},
                            .bytes_per_sector = htole16(FAT_SECTOR_SIZE),
                            .sectors_per_cluster = FAT_SECTORS_PER_CLUSTER,
                            .reserved_sectors = htole16((uint16_t)fat->reserved_sectors),
                            .n_fats = 2,
                            .root_entries = htole16((uint16_t)fat->root_entries),
                            .sectors_16 = is_small ? htole16((uint16_t)n_sectors) : 0,
                            .media = FAT_MEDIA,
                            .fat_sectors_16 = fat->is_32 ? 0 : htole16((uint16_t)fat->fat_sectors),
                            .sectors_per_track = htole16(63),
                            .heads = htole16(255),
                            .sectors_32 = is_small ? 0 : htole32((uint32_t)n_sectors)};
    const struct fat_boot_32 more = {.fat_sectors = htole32(fat->fat_sectors),
                                     .root_cluster = htole32(FAT_FIRST_CLUSTER),
                                     .fsinfo_sector = htole16(FAT_FSINFO_SECTOR),
                                     .backup_sector = htole16(FAT_BACKUP_SECTOR)};
    const struct fat_fsinfo info = {.signature_1 = htole32(0x41615252),
                                    .signature_2 = htole32(0x61417272),
                                    .free_clusters = UINT32_MAX,
                                    .next_free = UINT32_MAX,
                                    .signature_3 = htole32(0xaa550000)};
    memcpy(boot.oem, "MSWIN4.1", sizeof(boot.oem)); /* what all readers accept, says the specification */
    memcpy(bytes, &boot, sizeof(boot));
    if (fat->is_32)
        memcpy(bytes + sizeof(boot), &more, sizeof(more));
    emit_end(fat, bytes + sizeof(boot) + (fat->is_32 ? sizeof(more) : 0));
    memcpy(bytes + FAT_SECTOR_SIZE - 2, "\x55\xaa", 2);
    if (!fat->is_32)
        return;
    memcpy(bytes + FAT_FSINFO_SECTOR * FAT_SECTOR_SIZE, &info, sizeof(info));
    memcpy(bytes + FAT_BACKUP_SECTOR * FAT_SECTOR_SIZE, bytes, 2 * FAT_SECTOR_SIZE);
}

static int emit(struct fat *fat, struct error *err)
{
    uint8_t *bytes = fat->image.bytes;
    uint64_t fat_bytes = (uint64_t)fat->fat_sectors * FAT_SECTOR_SIZE;
    fat->links = bytes + (uint64_t)fat->reserved_sectors * FAT_SECTOR_SIZE;
    fat->clusters = bytes + head_size(fat);
    set_link(fat, 0, 0x0fffff00u | FAT_MEDIA);
    set_link(fat, 1, FAT_END_32);
    for (uint32_t i = 0; i < fat->tree->n_nodes; i++)
        if (S_ISDIR(fat->tree->nodes[i].entry->mode) && emit_directory(fat, i, err) != 0)
            return -1;
    memcpy(fat->links + fat_bytes, fat->links, fat_bytes);
    emit_boot(fat);
    return 0;
}

int fat_image_make(const struct linear_source *source, struct linear_image *out, struct error *err)
{
    size_t n = source->tree->n_nodes;
    _cleanup_(fat_release) struct fat fat = {.source = source,
                                             .tree = source->tree,
                                             .shows = calloc(n, sizeof(bool)),
                                             .names = calloc(n, sizeof(struct fat_name)),
                                             .dir_clusters = calloc(n, sizeof(uint32_t))};
    if (fat.shows == NULL || fat.names == NULL || fat.dir_clusters == NULL)
        return error_errno(err, "plan a FAT image");
    if (name_nodes(&fat, err) != 0 || plan_volume(&fat, err) != 0)
        return -1;
    size_t size = head_size(&fat) + (size_t)fat.n_dir_clusters * FAT_CLUSTER_SIZE;
    if (linear_image_init(&fat.image, source, size, err) != 0 || emit(&fat, err) != 0)
        return -1;
    fat.image.n_blocks = head_size(&fat) / FAT_CLUSTER_SIZE + fat.n_clusters;
    *out = fat.image;
    fat.image = LINEAR_IMAGE_NONE;
    return 0;
}
