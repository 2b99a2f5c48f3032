/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Names are nodes under their parents, found by a hash table of parent and name. A node has a file,
 * which has the attributes; hard links are nodes with the same file. A node that is replaced keeps its place
 * in the list, so that what stands below it is no longer reached, and the name gets a new node. At the end
 * the nodes that are reached from the root are counted into directories, sorted, and numbered breadth first:
 * the canonical order.
 */
#include "layer_archive.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX ".wh."
#define META_PREFIX     ".wh..wh."
#define OPAQUE_NAME     ".wh..wh..opq"
#define NAME_SIZE_MAX   255u
#define BUFFER_SIZE     (1u << 20)
#define STRINGS_MAX     (1u << 29)
#define FILES_MAX       (2 * LAYER_ARCHIVE_ENTRIES_MAX) /* with those that a later entry replaces */
#define NO_NODE         UINT32_MAX

struct file {
    uint64_t size, block;
    int64_t mtime;
    uint32_t mode, uid, gid, major, minor;
    uint32_t target; /* of a symlink: offset in strings */
    uint32_t flags;  /* enum layer_entry_flags */
    uint16_t target_size;
};

struct node {
    uint32_t parent, name, file;
    uint32_t next; /* with the same hash */
    uint16_t name_size;
    bool is_replaced;
};

struct reading {
    int spool_fd;
    uint64_t n_blocks; /* in the spool */
    struct node *nodes;
    size_t n_nodes, nodes_room;
    struct file *files;
    size_t n_files, files_room;
    char *strings;
    size_t strings_size, strings_room;
    uint32_t *buckets;
    size_t n_buckets; /* a power of two */
    uint64_t seed;
    char *buffer;
};

static void reading_release(struct reading *r)
{
    free(r->nodes);
    free(r->files);
    free(r->strings);
    free(r->buckets);
    free(r->buffer);
}

static int ensure_room(void *array, size_t *room, size_t needed, size_t size, struct error *err)
{
    if (needed <= *room)
        return 0;
    size_t bigger = *room < 64 ? 64 : *room;
    while (bigger < needed)
        bigger *= 2;
    void *grown = reallocarray(*(void **)array, bigger, size);
    if (grown == NULL)
        return error_errno(err, "read an archive");
    *(void **)array = grown;
    *room = bigger;
    return 0;
}

static int add_string(struct reading *r, const char *text, size_t size, uint32_t *out, struct error *err)
{
    if (r->strings_size + size > STRINGS_MAX)
        return error_set(err, ERROR_REFUSED, "the archive's names have more than %u bytes", STRINGS_MAX);
    if (ensure_room(&r->strings, &r->strings_room, r->strings_size + size + 1, 1, err) != 0)
        return -1;
    memcpy(r->strings + r->strings_size, text, size);
    *out = (uint32_t)r->strings_size;
    r->strings_size += size;
    return 0;
}

/* --- names --- */

/* The seed is not known to who made the archive, so that no archive has all its names in one bucket. */
static uint64_t hash(const struct reading *r, uint32_t parent, const char *name, size_t size)
{
    uint64_t h = r->seed ^ parent;
    for (size_t i = 0; i < size; i++) {
        h = (h ^ (unsigned char)name[i]) * 0x9fb21c651e98df25ull;
        h ^= h >> 32;
    }
    return h;
}

static uint32_t find_child(const struct reading *r, uint32_t parent, const char *name, size_t size)
{
    uint32_t i = r->buckets[hash(r, parent, name, size) & (r->n_buckets - 1)];
    for (; i != NO_NODE; i = r->nodes[i].next) {
        const struct node *node = &r->nodes[i];
        if (node->parent == parent && node->name_size == size && !node->is_replaced &&
            memcmp(r->strings + node->name, name, size) == 0)
            return i;
    }
    return NO_NODE;
}

static void hang_in(struct reading *r, uint32_t number)
{
    struct node *node = &r->nodes[number];
    uint32_t *bucket =
        &r->buckets[hash(r, node->parent, r->strings + node->name, node->name_size) & (r->n_buckets - 1)];
    node->next = *bucket;
    *bucket = number;
}

static int grow_buckets(struct reading *r, struct error *err)
{
    size_t n = r->n_buckets == 0 ? 1024 : 2 * r->n_buckets;
    uint32_t *grown = reallocarray(r->buckets, n, sizeof(*grown));
    if (grown == NULL)
        return error_errno(err, "read an archive");
    r->buckets = grown;
    r->n_buckets = n;
    memset(grown, 0xff, n * sizeof(*grown));
    for (uint32_t i = 1; i < r->n_nodes; i++)
        hang_in(r, i);
    return 0;
}

static int add_node(struct reading *r, uint32_t parent, const char *name, size_t size, uint32_t *out,
                    struct error *err)
{
    if (r->n_nodes == LAYER_ARCHIVE_ENTRIES_MAX)
        return error_set(err, ERROR_REFUSED, "the archive has more than %u files", LAYER_ARCHIVE_ENTRIES_MAX);
    if (ensure_room(&r->nodes, &r->nodes_room, r->n_nodes + 1, sizeof(*r->nodes), err) != 0)
        return -1;
    struct node node = {.parent = parent, .name_size = (uint16_t)size};
    if (add_string(r, name, size, &node.name, err) != 0)
        return -1;
    uint32_t number = (uint32_t)r->n_nodes++;
    r->nodes[number] = node;
    if (r->n_nodes > r->n_buckets) {
        if (grow_buckets(r, err) != 0)
            return -1;
    } else {
        hang_in(r, number);
    }
    *out = number;
    return 0;
}

static int add_file(struct reading *r, const struct file *file, uint32_t *out, struct error *err)
{
    if (r->n_files == FILES_MAX)
        return error_set(err, ERROR_REFUSED, "the archive has more than %u entries", FILES_MAX);
    if (ensure_room(&r->files, &r->files_room, r->n_files + 1, sizeof(*r->files), err) != 0)
        return -1;
    *out = (uint32_t)r->n_files;
    r->files[r->n_files++] = *file;
    return 0;
}

static struct file *file_of(struct reading *r, uint32_t node)
{
    return &r->files[r->nodes[node].file];
}

static int add_implied(struct reading *r, uint32_t parent, const char *name, size_t size, uint32_t *out,
                       struct error *err)
{
    const struct file dir = {.mode = S_IFDIR | 0755, .mtime = LAYER_NO_TIME};
    if (add_node(r, parent, name, size, out, err) != 0)
        return -1;
    return add_file(r, &dir, &r->nodes[*out].file, err);
}

static bool is_whiteout(const struct file *file)
{
    return (file->flags & LAYER_WHITEOUT) != 0;
}

static bool is_reserved(const char *name, size_t size)
{
    return size >= strlen(WHITEOUT_PREFIX) && memcmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
}

static int check_name(const char *path, const char *name, size_t size, struct error *err)
{
    if (size == 2 && memcmp(name, "..", 2) == 0)
        return error_set(err, ERROR_REFUSED, "the path '%s' has \"..\" in it", path);
    if (size > NAME_SIZE_MAX)
        return error_set(err, ERROR_REFUSED, "the path '%s' has a name of %zu bytes", path, size);
    return 0;
}

/* The next name of a path, over slashes and single dots; size 0: there is none. */
static const char *next_name(const char *at, size_t *out_size)
{
    do {
        at += strspn(at, "/");
        *out_size = strcspn(at, "/");
        if (*out_size != 1 || *at != '.')
            return at;
        at++;
    } while (true);
}

/* Finds the directory that a path's last name stands in, and makes it if need be; *out_name has size 0 for
 * the root. */
static int find_parent(struct reading *r, const char *path, bool make, uint32_t *out, const char **out_name,
                       size_t *out_size, struct error *err)
{
    uint32_t dir = 0;
    size_t size, next_size;
    const char *name = next_name(path, &size);
    for (; size > 0; size = next_size) {
        if (check_name(path, name, size, err) != 0)
            return -1;
        const char *next = next_name(name + size, &next_size);
        if (next_size == 0)
            break;
        if (is_reserved(name, size))
            return error_set(err, ERROR_REFUSED,
                             "the path '%s' leads through a name that is kept for whiteouts", path);
        uint32_t child = find_child(r, dir, name, size);
        if (child == NO_NODE && !make)
            return error_set(err, ERROR_REFUSED, "'%s' is not in the archive", path);
        if (child == NO_NODE && add_implied(r, dir, name, size, &child, err) != 0)
            return -1;
        if (make && is_whiteout(file_of(r, child)))
            *file_of(r, child) =
                (struct file){.mode = S_IFDIR | 0755, .mtime = LAYER_NO_TIME, .flags = LAYER_OPAQUE};
        if (!S_ISDIR(file_of(r, child)->mode))
            return error_set(err, ERROR_REFUSED, "the path '%s' leads through '%.*s', which is no directory",
                             path, (int)size, name);
        dir = child;
        name = next;
    }
    *out = dir;
    *out_name = name;
    *out_size = size;
    return 0;
}

/* --- entries --- */

static int spool_contents(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry,
                          struct file *file, struct error *err)
{
    uint64_t left = entry->size;
    file->block = r->n_blocks;
    file->size = entry->size;
    while (left > 0) {
        size_t n = left < BUFFER_SIZE ? (size_t)left : BUFFER_SIZE;
        size_t padded = (n + LAYER_BLOCK_SIZE - 1) / LAYER_BLOCK_SIZE * LAYER_BLOCK_SIZE;
        if (tar_reader_read(tar, r->buffer, n, err) != 0)
            return -1;
        memset(r->buffer + n, 0, padded - n);
        if (fd_write_all(r->spool_fd, r->buffer, padded, "a spool file", err) != 0)
            return -1;
        r->n_blocks += padded / LAYER_BLOCK_SIZE;
        left -= n;
    }
    return 0;
}

static const struct file whiteout = {.mode = S_IFCHR, .mtime = LAYER_NO_TIME, .flags = LAYER_WHITEOUT};

/* Gives a name to a file that was added. What had the name goes, but a directory keeps what is in it when
 * another entry of it comes. */
static int put(struct reading *r, uint32_t parent, const char *name, size_t size, uint32_t number,
               struct error *err)
{
    struct file *file = &r->files[number];
    uint32_t old = find_child(r, parent, name, size), added;
    if (old != NO_NODE) {
        struct file *before = file_of(r, old);
        if (S_ISDIR(before->mode) && S_ISDIR(file->mode)) {
            file->flags |= before->flags & LAYER_OPAQUE;
            r->nodes[old].file = number;
            return 0;
        }
        /* What is hidden below, and is here again as a directory: nothing of the one below is seen in it. */
        if (is_whiteout(before) && S_ISDIR(file->mode))
            file->flags |= LAYER_OPAQUE;
        r->nodes[old].is_replaced = true;
    }
    if (add_node(r, parent, name, size, &added, err) != 0)
        return -1;
    r->nodes[added].file = number;
    return 0;
}

static int add_whiteout(struct reading *r, uint32_t parent, const char *path, const char *name, size_t size,
                        struct error *err)
{
    uint32_t number;
    if (size == strlen(OPAQUE_NAME) && memcmp(name, OPAQUE_NAME, size) == 0) {
        file_of(r, parent)->flags |= LAYER_OPAQUE;
        return 0;
    }
    if (size >= strlen(META_PREFIX) && memcmp(name, META_PREFIX, strlen(META_PREFIX)) == 0)
        return 0;
    name += strlen(WHITEOUT_PREFIX);
    size -= strlen(WHITEOUT_PREFIX);
    if (size == 0 || (size <= 2 && memcmp(name, "..", size) == 0))
        return error_set(err, ERROR_REFUSED, "'%s' is a whiteout of no file", path);
    uint32_t old = find_child(r, parent, name, size);
    if (old != NO_NODE) {
        if (S_ISDIR(file_of(r, old)->mode))
            file_of(r, old)->flags |= LAYER_OPAQUE;
        return 0;
    }
    return add_file(r, &whiteout, &number, err) != 0 ? -1 : put(r, parent, name, size, number, err);
}

/* Finds the file that a hard link names. */
static int find_linked(struct reading *r, const struct tar_entry *entry, uint32_t *out, struct error *err)
{
    uint32_t dir, node = NO_NODE;
    const char *name;
    size_t size;
    if (find_parent(r, entry->target, false, &dir, &name, &size, err) != 0)
        return error_wrap(err, "the hard link '%s'", entry->path);
    if (size > 0)
        node = find_child(r, dir, name, size);
    if (node == NO_NODE || is_whiteout(file_of(r, node)) || S_ISDIR(file_of(r, node)->mode))
        return error_set(err, ERROR_REFUSED, "the hard link '%s' is to '%s', which is no file of the archive",
                         entry->path, entry->target);
    *out = r->nodes[node].file;
    return 0;
}

static int make_file(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry, uint32_t *out,
                     struct error *err)
{
    struct file file = {.mtime = entry->mtime,
                        .mode = entry->mode,
                        .uid = entry->uid,
                        .gid = entry->gid,
                        .major = entry->major,
                        .minor = entry->minor};
    size_t target_size = strlen(entry->target);
    if (entry->is_link)
        return find_linked(r, entry, out, err);
    if (S_ISREG(entry->mode) && spool_contents(r, tar, entry, &file, err) != 0)
        return error_wrap(err, "'%s'", entry->path);
    if (S_ISLNK(entry->mode)) {
        if (target_size == 0)
            return error_set(err, ERROR_INPUT, "the symlink '%s' has no target", entry->path);
        file.mode |= 0777;
        file.target_size = (uint16_t)target_size;
        if (add_string(r, entry->target, target_size, &file.target, err) != 0)
            return -1;
    }
    /* The kernel's own form of a whiteout. */
    if (S_ISCHR(entry->mode) && entry->major == 0 && entry->minor == 0)
        file = whiteout;
    return add_file(r, &file, out, err);
}

static int add_entry(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry,
                     struct error *err)
{
    uint32_t parent, number;
    const char *name;
    size_t size;
    if (find_parent(r, entry->path, true, &parent, &name, &size, err) != 0)
        return -1;
    if (size > 0 && is_reserved(name, size))
        return add_whiteout(r, parent, entry->path, name, size, err);
    if (size == 0 && !S_ISDIR(entry->mode))
        return error_set(err, ERROR_REFUSED, "'%s' stands for the root and is no directory", entry->path);
    if (make_file(r, tar, entry, &number, err) != 0)
        return -1;
    if (size > 0)
        return put(r, parent, name, size, number, err);
    r->files[number].flags = file_of(r, 0)->flags & LAYER_OPAQUE;
    r->files[number].mtime = LAYER_NO_TIME;
    r->nodes[0].file = number;
    return 0;
}

/* --- the canonical order --- */

/* Nodes on their way into the table. */
struct order {
    const struct reading *r;
    uint32_t *first; /* of each node: where its children begin in children; one more: the end */
    uint32_t *children;
    uint32_t *nodes;   /* of each entry */
    uint32_t *entries; /* of each file: the first entry that is it, plus one; 0: none yet */
};

static void order_release(struct order *order)
{
    free(order->first);
    free(order->children);
    free(order->nodes);
    free(order->entries);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
    const struct reading *r = context;
    const struct node *na = &r->nodes[*(const uint32_t *)a], *nb = &r->nodes[*(const uint32_t *)b];
    return layer_compare_names(r->strings + na->name, na->name_size, r->strings + nb->name, nb->name_size);
}

/* Collects each node's children, sorted; those of nodes that were replaced too, which nobody will ask for. */
static int collect_children(struct order *order, struct error *err)
{
    const struct reading *r = order->r;
    order->first = calloc(r->n_nodes + 2, sizeof(uint32_t));
    order->children = calloc(r->n_nodes, sizeof(uint32_t));
    order->nodes = calloc(r->n_nodes, sizeof(uint32_t));
    order->entries = calloc(r->n_files, sizeof(uint32_t));
    if (order->first == NULL || order->children == NULL || order->nodes == NULL || order->entries == NULL)
        return error_errno(err, "read an archive");
    /* Counted two places up, they become ends one place up, and starts as they are filled in. */
    for (uint32_t i = 1; i < r->n_nodes; i++)
        order->first[r->nodes[i].parent + 2] += !r->nodes[i].is_replaced;
    for (uint32_t i = 1; i <= r->n_nodes; i++)
        order->first[i + 1] += order->first[i];
    for (uint32_t i = 1; i < r->n_nodes; i++)
        if (!r->nodes[i].is_replaced)
            order->children[order->first[r->nodes[i].parent + 1]++] = i;
    for (uint32_t i = 0; i < r->n_nodes; i++) {
        uint32_t n = order->first[i + 1] - order->first[i];
        if (n > 1)
            qsort_r(order->children + order->first[i], n, sizeof(uint32_t), compare_nodes,
                    (void *)(uintptr_t)r);
    }
    return 0;
}

/* Numbers the nodes that are reached from the root. */
static uint32_t number_nodes(struct order *order)
{
    uint32_t n = 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t node = order->nodes[i];
        for (uint32_t k = order->first[node]; k < order->first[node + 1]; k++)
            order->nodes[n++] = order->children[k];
    }
    return n;
}

static size_t measure_strings(const struct order *order, uint32_t n)
{
    const struct reading *r = order->r;
    size_t size = 1;
    for (uint32_t i = 0; i < n; i++) {
        const struct node *node = &r->nodes[order->nodes[i]];
        size += node->name_size + (size_t)r->files[node->file].target_size;
    }
    return size;
}

static uint32_t copy_string(struct layer *layer, const char *text, size_t size)
{
    uint32_t offset = (uint32_t)layer->strings_size;
    memcpy(layer->strings + layer->strings_size, text, size);
    layer->strings_size += size;
    return offset;
}

/* Fills in entry i and places its contents. */
static void fill_entry(struct order *order, struct layer_spool *out, uint32_t i)
{
    const struct reading *r = order->r;
    const struct node *node = &r->nodes[order->nodes[i]];
    const struct file *file = &r->files[node->file];
    uint32_t *first_entry = &order->entries[node->file];
    struct layer *layer = &out->layer;
    struct layer_entry *e = &layer->entries[i];
    if (*first_entry == 0)
        *first_entry = i + 1;
    *e = (struct layer_entry){.size = file->size,
                              .mtime = file->mtime,
                              .parent = e->parent,
                              .mode = file->mode,
                              .uid = file->uid,
                              .gid = file->gid,
                              .major = file->major,
                              .minor = file->minor,
                              .link = is_whiteout(file) ? i : *first_entry - 1,
                              .name_size = node->name_size,
                              .flags = file->flags};
    e->name = i == 0 ? 0 : copy_string(layer, r->strings + node->name, node->name_size);
    if (S_ISLNK(file->mode)) {
        e->target = copy_string(layer, r->strings + file->target, file->target_size);
        e->target_size = file->target_size;
    }
    if (S_ISREG(file->mode) && e->link == i) {
        e->block = layer->n_blocks;
        out->blocks[i] = file->block;
        layer->n_blocks += layer_entry_blocks(layer, i);
    }
}

static int make_table(const struct reading *r, struct layer_spool *out, struct error *err)
{
    _cleanup_(order_release) struct order order = {.r = r};
    if (collect_children(&order, err) != 0)
        return -1;
    uint32_t n = number_nodes(&order), next = 1;
    struct layer *layer = &out->layer;
    layer->entries = calloc(n, sizeof(*layer->entries));
    layer->strings = calloc(measure_strings(&order, n), 1);
    out->blocks = calloc(n, sizeof(*out->blocks));
    if (layer->entries == NULL || layer->strings == NULL || out->blocks == NULL)
        return error_errno(err, "read an archive");
    layer->n_entries = n;
    for (uint32_t i = 0; i < n; i++) {
        fill_entry(&order, out, i);
        struct layer_entry *e = &layer->entries[i];
        if (!S_ISDIR(e->mode))
            continue;
        e->first = next;
        e->n = order.first[order.nodes[i] + 1] - order.first[order.nodes[i]];
        for (uint32_t k = 0; k < e->n; k++)
            layer->entries[next++].parent = i;
    }
    return 0;
}

static int read_entries(struct reading *r, struct tar_reader *tar, struct error *err)
{
    struct tar_entry entry;
    bool is_end;
    while (true) {
        if (tar_reader_next(tar, &entry, &is_end, err) != 0)
            return -1;
        if (is_end)
            return 0;
        if (add_entry(r, tar, &entry, err) != 0)
            return -1;
    }
}

static void tar_reader_freep(struct tar_reader **tar)
{
    tar_reader_free(*tar);
}

int layer_archive_read(const struct tar_stream *stream, int spool_fd, struct layer_spool *out,
                       struct error *err)
{
    _cleanup_(reading_release) struct reading r = {.spool_fd = spool_fd, .buffer = malloc(BUFFER_SIZE)};
    _cleanup_(layer_spool_release) struct layer_spool spool = LAYER_SPOOL_NONE;
    _cleanup_(tar_reader_freep) struct tar_reader *tar = NULL;
    uint32_t root;

    if (r.buffer == NULL || getrandom(&r.seed, sizeof(r.seed), 0) != sizeof(r.seed))
        return error_errno(err, "read an archive");
    if (tar_reader_new(stream, &tar, err) != 0 || grow_buckets(&r, err) != 0 ||
        add_implied(&r, 0, "", 0, &root, err) != 0)
        return -1;
    r.files[0].flags = LAYER_IMPLIED;
    if (read_entries(&r, tar, err) != 0 || make_table(&r, &spool, err) != 0)
        return -1;
    *out = spool;
    spool = LAYER_SPOOL_NONE;
    return 0;
}

void layer_spool_release(struct layer_spool *spool)
{
    layer_release(&spool->layer);
    free(spool->blocks);
    *spool = LAYER_SPOOL_NONE;
}
