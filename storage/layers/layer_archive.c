/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. What an entry does to those before it is settled as it comes, on a draft of the layer
 * (layer_draft.h); contents go to the spool at once, as nobody can go back in a stream. What a later entry
 * replaces stays in the spool, and is in no table.
 */
#include "layer_archive.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "layer_draft.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WHITEOUT_PREFIX ".wh."
#define META_PREFIX     ".wh..wh."
#define OPAQUE_NAME     ".wh..wh..opq"
#define NAME_SIZE_MAX   255u
#define BUFFER_SIZE     (1u << 20)
#define XATTRS_MAX      (1u << 29) /* bytes */

struct reading {
    int spool_fd;
    uint64_t n_blocks; /* in the spool */
    struct layer_draft draft;
    struct xattr_set xattrs; /* of the entry at work */
    size_t xattrs_size;      /* of all of them */
    char *buffer;
};

static void reading_release(struct reading *r)
{
    layer_draft_release(&r->draft);
    xattr_set_release(&r->xattrs);
    free(r->buffer);
}

static struct draft_file *file_of(struct reading *r, uint32_t node)
{
    return &r->draft.files[r->draft.nodes[node].file];
}

static int add_implied(struct reading *r, uint32_t parent, const char *name, size_t size, uint32_t *out,
                       struct error *err)
{
    const struct draft_file dir = {.mode = S_IFDIR | 0755, .mtime = LAYER_NO_TIME};
    if (layer_draft_add_node(&r->draft, parent, name, size, out, err) != 0)
        return -1;
    return layer_draft_add_file(&r->draft, &dir, &r->draft.nodes[*out].file, err);
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
        uint32_t child = layer_draft_find(&r->draft, dir, name, size);
        if (child == LAYER_DRAFT_NO_NODE && !make)
            return error_set(err, ERROR_REFUSED, "'%s' is not in the archive", path);
        if (child == LAYER_DRAFT_NO_NODE && add_implied(r, dir, name, size, &child, err) != 0)
            return -1;
        if (make && layer_draft_is_whiteout(file_of(r, child)))
            *file_of(r, child) =
                (struct draft_file){.mode = S_IFDIR | 0755, .mtime = LAYER_NO_TIME, .flags = LAYER_OPAQUE};
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

static int spool_contents(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry,
                          struct draft_file *file, struct error *err)
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

static const struct draft_file whiteout = {.mode = S_IFCHR, .mtime = LAYER_NO_TIME, .flags = LAYER_WHITEOUT};

/* An entry of a directory that is there adds to its attributes. */
static int add_xattrs_before(struct draft_file *file, struct draft_file *before, struct error *err)
{
    struct xattr_set set = before->xattrs;
    before->xattrs = XATTR_SET_NONE;
    int result = xattr_set_merge(&set, &file->xattrs, err);
    xattr_set_release(&file->xattrs);
    file->xattrs = set;
    return result;
}

/* Gives a name to a file that was added. What had the name goes, but a directory keeps what is in it when
 * another entry of it comes. */
static int put(struct reading *r, uint32_t parent, const char *name, size_t size, uint32_t number,
               struct error *err)
{
    struct draft_file *file = &r->draft.files[number];
    uint32_t old = layer_draft_find(&r->draft, parent, name, size), added;
    if (old != LAYER_DRAFT_NO_NODE) {
        struct draft_file *before = file_of(r, old);
        if (S_ISDIR(before->mode) && S_ISDIR(file->mode)) {
            file->flags |= before->flags & LAYER_OPAQUE;
            if (add_xattrs_before(file, before, err) != 0)
                return -1;
            r->draft.nodes[old].file = number;
            return 0;
        }
        /* What is hidden below, and is here again as a directory: nothing of the one below is seen in it. */
        if (layer_draft_is_whiteout(before) && S_ISDIR(file->mode))
            file->flags |= LAYER_OPAQUE;
        r->draft.nodes[old].is_replaced = true;
    }
    if (layer_draft_add_node(&r->draft, parent, name, size, &added, err) != 0)
        return -1;
    r->draft.nodes[added].file = number;
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
    uint32_t old = layer_draft_find(&r->draft, parent, name, size);
    if (old != LAYER_DRAFT_NO_NODE) {
        if (S_ISDIR(file_of(r, old)->mode))
            file_of(r, old)->flags |= LAYER_OPAQUE;
        return 0;
    }
    return layer_draft_add_file(&r->draft, &whiteout, &number, err) != 0
               ? -1
               : put(r, parent, name, size, number, err);
}

/* Finds the file that a hard link names. */
static int find_linked(struct reading *r, const struct tar_entry *entry, uint32_t *out, struct error *err)
{
    uint32_t dir, node = LAYER_DRAFT_NO_NODE;
    const char *name;
    size_t size;
    if (find_parent(r, entry->target, false, &dir, &name, &size, err) != 0)
        return error_wrap(err, "the hard link '%s'", entry->path);
    if (size > 0)
        node = layer_draft_find(&r->draft, dir, name, size);
    if (node == LAYER_DRAFT_NO_NODE || layer_draft_is_whiteout(file_of(r, node)) ||
        S_ISDIR(file_of(r, node)->mode))
        return error_set(err, ERROR_REFUSED, "the hard link '%s' is to '%s', which is no file of the archive",
                         entry->path, entry->target);
    *out = r->draft.nodes[node].file;
    /* Attributes of any of its entries are the file's, as engines set them with each. */
    return xattr_set_merge(&r->draft.files[*out].xattrs, &r->xattrs, err);
}

static int note_xattr(void *context, const char *name, size_t name_size, const void *value, size_t value_size,
                      struct error *err)
{
    struct reading *r = context;
    if (r->xattrs_size + name_size + value_size > XATTRS_MAX)
        return error_set(err, ERROR_REFUSED, "the archive's attributes have more than %u bytes", XATTRS_MAX);
    r->xattrs_size += name_size + value_size;
    return xattr_set_add(&r->xattrs, name, name_size, value, value_size, err);
}

static int make_file(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry, uint32_t *out,
                     struct error *err)
{
    struct draft_file file = {.mtime = entry->mtime,
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
        if (layer_draft_add_string(&r->draft, entry->target, target_size, &file.target, err) != 0)
            return -1;
    }
    /* The kernel's own form of a whiteout. */
    if (S_ISCHR(entry->mode) && entry->major == 0 && entry->minor == 0)
        file = whiteout;
    if (layer_draft_add_file(&r->draft, &file, out, err) != 0)
        return -1;
    if (!layer_draft_is_whiteout(&file)) {
        r->draft.files[*out].xattrs = r->xattrs;
        r->xattrs = XATTR_SET_NONE;
    }
    return 0;
}

static int add_entry(struct reading *r, struct tar_reader *tar, const struct tar_entry *entry,
                     struct error *err)
{
    uint32_t parent, number = 0;
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
    r->draft.files[number].flags = file_of(r, 0)->flags & LAYER_OPAQUE;
    if (add_xattrs_before(&r->draft.files[number], file_of(r, 0), err) != 0)
        return -1;
    r->draft.files[number].mtime = LAYER_NO_TIME;
    r->draft.nodes[0].file = number;
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
        xattr_set_clear(&r->xattrs);
    }
}

static void tar_reader_freep(struct tar_reader **tar)
{
    tar_reader_free(*tar);
}

int layer_archive_read(const struct tar_stream *from, int spool_fd, struct layer_spool *out,
                       struct error *err)
{
    _cleanup_(reading_release) struct reading r = {.spool_fd = spool_fd, .buffer = malloc(BUFFER_SIZE)};
    _cleanup_(layer_spool_release) struct layer_spool spool = LAYER_SPOOL_NONE;
    _cleanup_(tar_reader_freep) struct tar_reader *tar = NULL;
    const struct tar_stream stream = {
        .read = from->read, .context = from->context, .xattr = note_xattr, .xattr_context = &r};
    uint32_t root;

    if (r.buffer == NULL)
        return error_errno(err, "read an archive");
    if (tar_reader_new(&stream, &tar, err) != 0 || layer_draft_init(&r.draft, err) != 0 ||
        add_implied(&r, 0, "", 0, &root, err) != 0)
        return -1;
    r.draft.files[0].flags = LAYER_IMPLIED;
    if (read_entries(&r, tar, err) != 0 ||
        layer_draft_make_table(&r.draft, &spool.layer, &spool.blocks, err) != 0)
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
