/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as JSON: what is accepted is a tree of the promised form. */
#include "json_read.h"

#include "base/bug.h"
#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define SIZE_LIMIT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    BUG_ON(utf8_valid_prefix(text, strlen(text)) != strlen(text));
}

static void check_value(const struct json *value, size_t depth)
{
    BUG_ON(depth > JSON_DEPTH_MAX + 1);
    if (value->type == JSON_STRING || value->type == JSON_NUMBER)
        check_text(value->text);
    for (size_t i = 0; i < value->n_children; i++) {
        const struct json *child = value->children[i];
        BUG_ON((child->key != NULL) != (value->type == JSON_OBJECT));
        if (child->key != NULL) {
            check_text(child->key);
            BUG_ON(json_get(value, child->key) != child);
            BUG_ON(i > 0 && strcmp(value->children[i - 1]->key, child->key) >= 0);
        }
        check_value(child, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};
    const struct json *value = NULL;
    if (json_parse((const char *)data, size, SIZE_LIMIT, &arena, &value, &err) == 0) {
        check_value(value, 1);
    } else {
        BUG_ON(err.kind != ERROR_INPUT || err.text[0] == '\0');
        BUG_ON(value != NULL);
    }
    arena_release(&arena);
    return 0;
}
