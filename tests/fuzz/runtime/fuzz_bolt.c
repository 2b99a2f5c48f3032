/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bolt database: every key and value that is visited lies inside it, and every walk ends. */
#include "bolt.h"

#include "base/bug.h"
#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH_MAX 6

struct visit {
    const struct bolt_bucket *bucket;
    int depth;
    size_t *budget; /* visits that are left, in all */
};

static void check_inside(const struct bolt *bolt, struct bolt_bytes bytes)
{
    BUG_ON(bytes.at < bolt->data || bytes.size > bolt->size ||
           bytes.at > bolt->data + (bolt->size - bytes.size));
}

static int look(void *context, struct bolt_bytes key, struct bolt_bytes value, bool is_bucket,
                struct error *err)
{
    const struct visit *visit = context;
    const struct bolt *bolt = visit->bucket->bolt;
    struct bolt_bucket inner;
    _cleanup_free_ char *text = NULL;

    check_inside(bolt, key);
    check_inside(bolt, value);
    if (*visit->budget == 0)
        return 1;
    --*visit->budget;
    if (bolt_text(key, &text, err) == 0)
        BUG_ON(strlen(text) != key.size);
    if (!is_bucket || visit->depth == DEPTH_MAX || bolt_enter(visit->bucket, value, &inner, err) < 0)
        return 0;
    struct visit deeper = {&inner, visit->depth + 1, visit->budget};
    return bolt_each(&inner, look, &deeper, err) == 1 ? 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(bolt_release) struct bolt bolt = BOLT_NONE;
    struct error err = {0};
    size_t budget = 10000;
    unsigned char *copy = malloc(size + 1);
    BUG_ON(copy == NULL);
    memcpy(copy, data, size);
    if (bolt_parse(copy, size, &bolt, &err) < 0) {
        BUG_ON(err.kind != ERROR_INPUT);
        return 0;
    }
    struct bolt_bucket root = bolt_root(&bolt), found;
    struct visit visit = {&root, 0, &budget};
    struct bolt_bytes value;
    bool is_found;
    bolt_each(&root, look, &visit, &err);
    bolt_find(&root, "digest", &value, &err);
    bolt_find_bucket(&root, "v1", &found, &is_found, &err);
    return 0;
}
