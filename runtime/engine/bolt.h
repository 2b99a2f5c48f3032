/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a bolt database (go.etcd.io/bbolt, db.go, page.go, bucket.go) without its library and without a
 * lock: the owner holds the file's exclusive lock as long as it runs. The file is read as a whole. Writers
 * never change a page that the newest committed state reaches, so what was read is that state as long as no
 * transaction was committed meanwhile; else it is read again.
 */
#ifndef BOLT_H
#define BOLT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bolt {
    unsigned char *data;
    size_t size;
    uint32_t page_size;
    uint64_t root; /* page number */
};

#define BOLT_NONE ((struct bolt){.data = NULL})

/* Reads the database at a path. ERROR_INPUT: it is none, or damaged; ERROR_STATE: it changes too fast. */
int bolt_open(const char *path, struct bolt *out, struct error *err);

/* The same from bytes in memory, which become *out's; they must come from malloc(3). */
int bolt_parse(unsigned char *data, size_t size, struct bolt *out, struct error *err);

void bolt_release(struct bolt *bolt);

/* Bytes of the database. */
struct bolt_bytes {
    const unsigned char *at;
    size_t size;
};

/* A bucket: keys in memcmp(3) order, each with a value or a bucket. Borrows from its database. */
struct bolt_bucket {
    const struct bolt *bolt;
    uint64_t page;          /* of the root of its tree; 0: */
    struct bolt_bytes leaf; /* its only page, which stands in the parent */
};

struct bolt_bucket bolt_root(const struct bolt *bolt);

/* Called for each key; is_bucket: value is that of a bucket, for bolt_enter(). Returns 0 to go on, 1 to end,
 * -1 with an error. */
typedef int (*bolt_visitor)(void *context, struct bolt_bytes key, struct bolt_bytes value, bool is_bucket,
                            struct error *err);

/* Visits all keys of a bucket in order. 0, or what the visitor ended it with. */
int bolt_each(const struct bolt_bucket *bucket, bolt_visitor visit, void *context, struct error *err);

/* The bucket of a value that a visitor has got. */
int bolt_enter(const struct bolt_bucket *parent, struct bolt_bytes value, struct bolt_bucket *out,
               struct error *err);

/* Finds the bucket of a key; *out_found is false when there is none. */
int bolt_find_bucket(const struct bolt_bucket *parent, const char *key, struct bolt_bucket *out,
                     bool *out_found, struct error *err);

/* Finds the value of a key; out->at is NULL when there is none. */
int bolt_find(const struct bolt_bucket *bucket, const char *key, struct bolt_bytes *out, struct error *err);

/* A value as text; the caller's to free(3). ERROR_INPUT when it has a NUL in it. */
int bolt_text(struct bolt_bytes value, char **out, struct error *err);

#endif
