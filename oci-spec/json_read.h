/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) into a tree, strictly. Where parsers differ, a document that means one thing to an engine
 * and another to us is refused: duplicate keys, NULs inside strings, lone surrogates, invalid UTF-8, comments
 * and text after the value. Numbers stay text, because every reader wants another type.
 *
 * json_read.c is the only file that includes the parser library.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Deeper nesting is ERROR_INPUT. config.json has less than ten levels. */
#define JSON_DEPTH_MAX 64
/* More values are ERROR_INPUT. The seccomp profiles of engines have some thousand. */
#define JSON_COUNT_MAX (128u << 10)

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool boolean;     /* JSON_BOOL */
    const char *key;  /* in an object; else NULL */
    const char *text; /* JSON_STRING: without escapes; JSON_NUMBER: as written. NUL-terminated */
    /* JSON_ARRAY: the elements in order; JSON_OBJECT: the members in strcmp(3) order of their keys. */
    const struct json *const *children;
    size_t n_children;
};

/*
 * Parses text, which needs no NUL at its end and may be of any size up to size_max. The tree lives in the
 * arena and does not point into text. Everything that is wrong with text is ERROR_INPUT, with the line.
 */
int json_parse(const char *text, size_t size, size_t size_max, struct arena *arena,
               const struct json **out_value, struct error *err);

/* The member of an object, or NULL. */
const struct json *json_get(const struct json *object, const char *key);

/* For messages: "a string", "an object". */
const char *json_type_name(enum json_type type);

/* Whether the value says nothing: null, false, "", [] or {}. */
bool json_is_empty(const struct json *value);

#endif
