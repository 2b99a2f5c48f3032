/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) out of calls in document order. json_write.c is the only file that includes the generator
 * library.
 *
 * The first failure (no memory, a string that is not UTF-8, calls that make no document) sticks: what follows
 * does nothing, and json_write_end() reports it. So documents are written without a check after each call.
 */
#ifndef OCI_SPEC_JSON_WRITE_H
#define OCI_SPEC_JSON_WRITE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_writer;

/* indent: line breaks and two spaces a level, for people; else one line. NULL when there is no memory. */
struct json_writer *json_write_begin(bool indent, struct error *err);

void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);

void json_write_key(struct json_writer *w, const char *key);
void json_write_string(struct json_writer *w, const char *value);
void json_write_integer(struct json_writer *w, int64_t value);
void json_write_bool(struct json_writer *w, bool value);

/* A member with its key; of a string only when the value is not NULL. */
void json_write_member(struct json_writer *w, const char *key, const char *value);
void json_write_member_integer(struct json_writer *w, const char *key, int64_t value);
void json_write_member_bool(struct json_writer *w, const char *key, bool value);
/* A member that is an array of n strings. */
void json_write_member_strings(struct json_writer *w, const char *key, const char *const *values, size_t n);

/*
 * Ends the document with a newline and frees w, in any case. *out_text is NUL-terminated and the caller's to
 * free(3). ERROR_INPUT for strings that are not UTF-8, ERROR_SYSTEM without memory, ERROR_BUG otherwise.
 */
int json_write_end(struct json_writer *w, char **out_text, struct error *err);

#endif
