/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The file is an array of pages; the first two are meta pages, of which the one with the higher
 * transaction number counts. A bucket is a B+tree of pages: branches hold (key, page), leaves (key, value). A
 * value may be a bucket itself: the number of its root page, or 0 and that page whole, right there in the
 * value. Everything is little endian (bolt writes the host's order) and checked against the bytes that are
 * there; a depth and a budget of pages end what runs in circles.
 */
#include "bolt.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BOLT_MAGIC   0xed0cdaedu
#define BOLT_VERSION 2u
/* The database of a node with ten thousand images has some 100 MiB. */
#define SIZE_LIMIT (1ull << 30)
#define DEPTH_MAX  32
#define ATTEMPTS   50
#define PAUSE_NS   20000000l

enum page_flags { PAGE_BRANCH = 1, PAGE_LEAF = 2 };
#define LEAF_BUCKET 1u

struct page_header {
    uint64_t id;
    uint16_t flags;
    uint16_t count;
    uint32_t overflow; /* further pages that belong to this one */
};

struct meta {
    uint32_t magic, version, page_size, flags;
    uint64_t root, root_sequence;
    uint64_t freelist, n_pages, transaction;
    uint64_t checksum; /* FNV-1a of what stands before it */
};

struct branch_element {
    uint32_t pos, key_size; /* pos counts from the element */
    uint64_t page;
};

struct leaf_element {
    uint32_t flags, pos, key_size, value_size;
};

struct bucket_header {
    uint64_t root, sequence;
};

static uint64_t fnv1a(const unsigned char *data, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 0x100000001b3ull;
    return hash;
}

/* Reads the meta page at an offset. False: there is no valid one. */
static bool read_meta(const unsigned char *data, size_t size, size_t off, struct meta *out)
{
    if (size < sizeof(struct page_header) + sizeof(*out) ||
        off > size - sizeof(struct page_header) - sizeof(*out))
        return false;
    const unsigned char *at = data + off + sizeof(struct page_header);
    memcpy(out, at, sizeof(*out));
    return out->magic == BOLT_MAGIC && out->version == BOLT_VERSION && out->page_size >= 512 &&
           out->page_size <= (1u << 20) && (out->page_size & (out->page_size - 1)) == 0 &&
           out->checksum == fnv1a(at, offsetof(struct meta, checksum));
}

/* Finds the state that was committed last. The second meta page may have to be looked for: the page size
 * stands in the first. */
static bool find_meta(const unsigned char *data, size_t size, struct meta *out)
{
    struct meta first, second;
    bool has_first = read_meta(data, size, 0, &first), has_second = false;
    if (has_first) {
        has_second = read_meta(data, size, first.page_size, &second);
    } else {
        for (size_t off = 512; off <= (1u << 20) && !has_second; off *= 2)
            has_second = read_meta(data, size, off, &second) && second.page_size == off;
    }
    if (has_second && (!has_first || second.transaction > first.transaction))
        *out = second;
    else if (has_first)
        *out = first;
    return has_first || has_second;
}

int bolt_parse(unsigned char *data, size_t size, struct bolt *out, struct error *err)
{
    struct meta meta;
    *out = (struct bolt){.data = data, .size = size};
    if (!find_meta(data, size, &meta)) {
        bolt_release(out);
        return error_set(err, ERROR_INPUT, "it is no bolt database, or damaged");
    }
    out->page_size = meta.page_size;
    out->root = meta.root;
    return 0;
}

void bolt_release(struct bolt *bolt)
{
    free(bolt->data);
    *bolt = BOLT_NONE;
}

/* Whether the file still has the state that data was read in. */
static bool is_current(int fd, const struct meta *meta)
{
    /* Two meta pages at most one MiB apart: read as much as is between them. */
    size_t size = meta->page_size + sizeof(struct page_header) + sizeof(struct meta);
    _cleanup_free_ unsigned char *data = malloc(size);
    struct meta newest;
    return data != NULL && pread(fd, data, size, 0) == (ssize_t)size && find_meta(data, size, &newest) &&
           newest.transaction == meta->transaction;
}

static int read_once(const char *path, struct bolt *out, bool *out_stable, struct error *err)
{
    _cleanup_close_ int fd = -1;
    char *data = NULL;
    size_t size;
    struct meta meta;
    *out = BOLT_NONE;
    if (fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0 ||
        fd_read_all(fd, SIZE_LIMIT, &data, &size, path, err) < 0 ||
        bolt_parse((unsigned char *)data, size, out, err) < 0)
        return -1;
    *out_stable = find_meta(out->data, out->size, &meta) && is_current(fd, &meta);
    return 0;
}

int bolt_open(const char *path, struct bolt *out, struct error *err)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        bool stable;
        if (read_once(path, out, &stable, err) < 0)
            return error_wrap(err, "read the database '%s'", path);
        if (stable)
            return 0;
        bolt_release(out);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return error_set(err, ERROR_STATE, "read the database '%s': it changes faster than it can be read", path);
}

struct bolt_bucket bolt_root(const struct bolt *bolt)
{
    return (struct bolt_bucket){.bolt = bolt, .page = bolt->root};
}

static int damaged(struct error *err)
{
    return error_set(err, ERROR_INPUT, "the database is damaged");
}

/* One walk over a bucket. */
struct walk {
    const struct bolt *bolt;
    size_t n_pages; /* still allowed */
    bolt_visitor visit;
    void *context;
};

/* The bytes of a page with what it overflows into. */
static int find_page(const struct bolt *bolt, uint64_t number, struct bolt_bytes *out, struct error *err)
{
    struct page_header header;
    uint64_t n_pages = bolt->size / bolt->page_size;
    if (number >= n_pages)
        return damaged(err);
    out->at = bolt->data + number * bolt->page_size;
    memcpy(&header, out->at, sizeof(header));
    if (header.overflow >= n_pages - number)
        return damaged(err);
    out->size = ((size_t)header.overflow + 1) * bolt->page_size;
    return 0;
}

/* Element i of a page's array of elements. */
static int find_element(struct bolt_bytes page, size_t i, void *out, size_t size, size_t *out_off,
                        struct error *err)
{
    *out_off = sizeof(struct page_header) + i * size;
    if (page.size < size || *out_off > page.size - size)
        return damaged(err);
    memcpy(out, page.at + *out_off, size);
    return 0;
}

static int visit_leaf(struct walk *walk, struct bolt_bytes page, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct leaf_element e;
        size_t off;
        if (find_element(page, i, &e, sizeof(e), &off, err) < 0)
            return -1;
        uint64_t start = off + (uint64_t)e.pos;
        if (start + e.key_size + e.value_size > page.size)
            return damaged(err);
        struct bolt_bytes key = {page.at + start, e.key_size};
        struct bolt_bytes value = {page.at + start + e.key_size, e.value_size};
        int result = walk->visit(walk->context, key, value, (e.flags & LEAF_BUCKET) != 0, err);
        if (result != 0)
            return result;
    }
    return 0;
}

static int visit_page(struct walk *walk, struct bolt_bytes page, int depth, struct error *err)
{
    struct page_header header;
    if (page.size < sizeof(header))
        return damaged(err);
    memcpy(&header, page.at, sizeof(header));
    if (walk->n_pages == 0 || depth == DEPTH_MAX)
        return damaged(err);
    walk->n_pages--;
    if ((header.flags & PAGE_LEAF) != 0)
        return visit_leaf(walk, page, header.count, err);
    if ((header.flags & PAGE_BRANCH) == 0)
        return damaged(err);
    for (size_t i = 0; i < header.count; i++) {
        struct branch_element e;
        struct bolt_bytes child;
        size_t off;
        if (find_element(page, i, &e, sizeof(e), &off, err) < 0 ||
            find_page(walk->bolt, e.page, &child, err) < 0)
            return -1;
        int result = visit_page(walk, child, depth + 1, err);
        if (result != 0)
            return result;
    }
    return 0;
}

int bolt_each(const struct bolt_bucket *bucket, bolt_visitor visit, void *context, struct error *err)
{
    struct walk walk = {.bolt = bucket->bolt,
                        .n_pages = bucket->bolt->size / bucket->bolt->page_size + 1,
                        .visit = visit,
                        .context = context};
    struct bolt_bytes page = bucket->leaf;
    if (bucket->page != 0 && find_page(bucket->bolt, bucket->page, &page, err) < 0)
        return -1;
    return visit_page(&walk, page, 0, err);
}

int bolt_enter(const struct bolt_bucket *parent, struct bolt_bytes value, struct bolt_bucket *out,
               struct error *err)
{
    struct bucket_header header;
    if (value.size < sizeof(header))
        return damaged(err);
    memcpy(&header, value.at, sizeof(header));
    *out = (struct bolt_bucket){.bolt = parent->bolt, .page = header.root};
    if (header.root == 0)
        out->leaf = (struct bolt_bytes){value.at + sizeof(header), value.size - sizeof(header)};
    return 0;
}

/* What a look-up looks for and finds. */
struct lookup {
    const char *key;
    bool wants_bucket;
    struct bolt_bytes value;
};

static int compare_key(void *context, struct bolt_bytes key, struct bolt_bytes value, bool is_bucket,
                       struct error *err)
{
    struct lookup *lookup = context;
    (void)err;
    if (is_bucket != lookup->wants_bucket || key.size != strlen(lookup->key) ||
        memcmp(key.at, lookup->key, key.size) != 0)
        return 0;
    lookup->value = value;
    return 1;
}

int bolt_find(const struct bolt_bucket *bucket, const char *key, struct bolt_bytes *out, struct error *err)
{
    struct lookup lookup = {.key = key};
    if (bolt_each(bucket, compare_key, &lookup, err) < 0)
        return -1;
    *out = lookup.value;
    return 0;
}

int bolt_find_bucket(const struct bolt_bucket *parent, const char *key, struct bolt_bucket *out,
                     bool *out_found, struct error *err)
{
    struct lookup lookup = {.key = key, .wants_bucket = true};
    int result = bolt_each(parent, compare_key, &lookup, err);
    *out_found = result == 1;
    return result == 1 ? bolt_enter(parent, lookup.value, out, err) : result;
}

int bolt_text(struct bolt_bytes value, char **out, struct error *err)
{
    if (memchr(value.at, '\0', value.size) != NULL)
        return error_set(err, ERROR_INPUT, "the database has a NUL in a text");
    *out = strndup((const char *)value.at, value.size);
    return *out == NULL ? error_errno(err, "read the database") : 0;
}
