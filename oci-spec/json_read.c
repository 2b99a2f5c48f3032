/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: yajl's event parser calls back for every value; the callbacks build the tree with a stack of open
 * containers. A container collects its children in a list and gets them as an array when it closes: an
 * object's sorted by key, so that duplicates are neighbours and a look-up is a binary search. Limits are
 * checked where a value is added, so that hostile input costs nothing beyond them.
 *
 * The library checks UTF-8 loosely (it takes overlong forms), turns lone surrogates into "?" or into invalid
 * bytes, and passes NULs on. So a pass over the raw text, before it, refuses what it would blur.
 */
#include "json_read.h"

#include "utf8.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* A value under construction: the node, and its place in its container's list. */
struct node {
    struct json json;
    struct node *next;
};

struct open_container {
    struct node *node;
    struct node *first, *last;
    size_t n;
    const char *key; /* of the member whose value comes next */
};

struct builder {
    struct arena *arena;
    struct error *err;
    struct node *root;
    struct open_container stack[JSON_DEPTH_MAX];
    size_t depth;
    size_t count;
    yajl_handle handle;
    const char *text; /* for line numbers */
};

static size_t line_of(const char *text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

/* What a callback returns to make yajl stop; the error is in the builder's err. */
enum { STOP = 0, CONTINUE = 1 };

static int stop_at_line(struct builder *b, const char *what)
{
    error_set(b->err, ERROR_INPUT, "line %zu: %s", line_of(b->text, yajl_get_bytes_consumed(b->handle)),
              what);
    return STOP;
}

static struct node *add_value(struct builder *b, enum json_type type)
{
    if (++b->count > JSON_COUNT_MAX) {
        stop_at_line(b, "more values than a document may have");
        return NULL;
    }
    struct node *node = arena_alloc(b->arena, 1, sizeof(*node), b->err);
    if (node == NULL)
        return NULL;

    node->json.type = type;
    if (b->depth == 0) {
        b->root = node;
        return node;
    }
    struct open_container *parent = &b->stack[b->depth - 1];
    node->json.key = parent->key;
    if (parent->last == NULL)
        parent->first = node;
    else
        parent->last->next = node;
    parent->last = node;
    parent->n++;
    return node;
}

static int add_text(struct builder *b, enum json_type type, const char *text, size_t length)
{
    struct node *node = add_value(b, type);
    if (node == NULL)
        return STOP;
    node->json.text = arena_copy(b->arena, text, length, b->err);
    return node->json.text == NULL ? STOP : CONTINUE;
}

static int open_container(struct builder *b, enum json_type type)
{
    if (b->depth == JSON_DEPTH_MAX)
        return stop_at_line(b, "nested too deeply");
    struct node *node = add_value(b, type);
    if (node == NULL)
        return STOP;
    b->stack[b->depth++] = (struct open_container){.node = node};
    return CONTINUE;
}

static int compare_keys(const void *a, const void *b)
{
    const struct json *left = *(const struct json *const *)a, *right = *(const struct json *const *)b;
    return strcmp(left->key, right->key);
}

static int check_unique(struct builder *b, const struct json *const *members, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (strcmp(members[i - 1]->key, members[i]->key) == 0) {
            error_set(b->err, ERROR_INPUT, "line %zu: the object has two members '%s'",
                      line_of(b->text, yajl_get_bytes_consumed(b->handle)), members[i]->key);
            return STOP;
        }
    }
    return CONTINUE;
}

static int close_container(struct builder *b)
{
    struct open_container *top = &b->stack[--b->depth];
    const struct json **children = arena_alloc(b->arena, top->n, sizeof(struct json *), b->err);
    if (children == NULL)
        return STOP;

    size_t i = 0;
    for (const struct node *node = top->first; node != NULL; node = node->next)
        children[i++] = &node->json;
    top->node->json.children = children;
    top->node->json.n_children = top->n;
    if (top->node->json.type == JSON_ARRAY)
        return CONTINUE;
    qsort(children, top->n, sizeof(struct json *), compare_keys);
    return check_unique(b, children, top->n);
}

/* --- yajl's callbacks --- */

static int on_null(void *context)
{
    return add_value(context, JSON_NULL) == NULL ? STOP : CONTINUE;
}

static int on_boolean(void *context, int value)
{
    struct node *node = add_value(context, JSON_BOOL);
    if (node == NULL)
        return STOP;
    node->json.boolean = value != 0;
    return CONTINUE;
}

static int on_number(void *context, const char *text, size_t length)
{
    return add_text(context, JSON_NUMBER, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    return add_text(context, JSON_STRING, (const char *)text, length);
}

static int on_start_map(void *context)
{
    return open_container(context, JSON_OBJECT);
}

static int on_map_key(void *context, const unsigned char *text, size_t length)
{
    struct builder *b = context;
    const char *key = arena_copy(b->arena, (const char *)text, length, b->err);
    b->stack[b->depth - 1].key = key;
    return key == NULL ? STOP : CONTINUE;
}

static int on_start_array(void *context)
{
    return open_container(context, JSON_ARRAY);
}

static int on_end(void *context)
{
    return close_container(context);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_map_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end,
};

/* --- the pass over the raw text --- */

/* The value of the four hexadecimal digits at text, or -1. */
static int32_t hex4(const char *text, size_t size)
{
    if (size < 4)
        return -1;
    int32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!isxdigit(c))
            return -1;
        value = value * 16 + (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return value;
}

static bool is_high_surrogate(int32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * Checks the escapes \uXXXX. A backslash outside a string, or with something malformed behind it, is left for
 * the parser to complain about.
 */
static int check_escapes(const char *text, size_t size, struct error *err)
{
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] != '\\')
            continue;
        i++;
        int32_t unit = text[i] == 'u' ? hex4(text + i + 1, size - i - 1) : -1;
        if (unit < 0)
            continue;
        i += 4;
        if (unit == 0)
            return error_set(err, ERROR_INPUT, "line %zu: a string contains a NUL", line_of(text, i));
        if (is_high_surrogate(unit) && size - i > 6 && text[i + 1] == '\\' && text[i + 2] == 'u' &&
            is_low_surrogate(hex4(text + i + 3, size - i - 3))) {
            i += 6;
            continue;
        }
        if (is_high_surrogate(unit) || is_low_surrogate(unit))
            return error_set(err, ERROR_INPUT, "line %zu: a string contains half a surrogate pair",
                             line_of(text, i));
    }
    return 0;
}

static int check_text(const char *text, size_t size, size_t size_max, struct error *err)
{
    if (size > size_max)
        return error_set(err, ERROR_INPUT, "the document is larger than %zu bytes", size_max);
    size_t valid = utf8_valid_prefix(text, size);
    if (valid < size)
        return error_set(err, ERROR_INPUT, "line %zu: invalid UTF-8", line_of(text, valid));
    return check_escapes(text, size, err);
}

/* --- */

/* yajl's message is one or more lines, such as "lexical error: invalid char in json text.\n". */
static int syntax_error(const struct builder *b)
{
    const unsigned char *text = (const unsigned char *)b->text;
    unsigned char *message = yajl_get_error(b->handle, 0, text, 0);
    size_t length = message == NULL ? 0 : strcspn((char *)message, "\n");
    while (length > 0 && message[length - 1] == '.')
        length--;
    error_set(b->err, ERROR_INPUT, "line %zu: %.*s", line_of(b->text, yajl_get_bytes_consumed(b->handle)),
              (int)length, message == NULL ? "" : (char *)message);
    yajl_free_error(b->handle, message);
    return -1;
}

static int run_parser(struct builder *b, size_t size)
{
    yajl_config(b->handle, yajl_dont_validate_strings, 1); /* check_text() is stricter */
    yajl_status status = yajl_parse(b->handle, (const unsigned char *)b->text, size);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(b->handle);
    if (status == yajl_status_client_canceled)
        return -1;
    if (status != yajl_status_ok)
        return syntax_error(b);
    return 0;
}

int json_parse(const char *text, size_t size, size_t size_max, struct arena *arena,
               const struct json **out_value, struct error *err)
{
    if (check_text(text, size, size_max, err) < 0)
        return -1;

    struct builder builder = {.arena = arena, .err = err, .text = text};
    builder.handle = yajl_alloc(&callbacks, NULL, &builder);
    if (builder.handle == NULL)
        return error_set(err, ERROR_SYSTEM, "start the JSON parser: out of memory");
    int result = run_parser(&builder, size);
    yajl_free(builder.handle);
    if (result < 0)
        return -1;
    *out_value = &builder.root->json;
    return 0;
}

static int compare_key_with_member(const void *key, const void *member)
{
    return strcmp(key, (*(const struct json *const *)member)->key);
}

const struct json *json_get(const struct json *object, const char *key)
{
    const struct json *const *found =
        bsearch(key, object->children, object->n_children, sizeof(struct json *), compare_key_with_member);
    return found == NULL ? NULL : *found;
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null",     "true or false", "a number",
                                        "a string", "an array",      "an object"};
    return names[type];
}

bool json_is_empty(const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return !value->boolean;
    case JSON_STRING:
        return value->text[0] == '\0';
    case JSON_ARRAY:
    case JSON_OBJECT:
        return value->n_children == 0;
    case JSON_NUMBER:
        break;
    }
    return false;
}
