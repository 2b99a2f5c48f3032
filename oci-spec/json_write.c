/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/json_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct json_writer {
    yajl_gen gen;
    yajl_gen_status failed; /* the first that was not yajl_gen_status_ok */
};

struct json_writer *json_write_begin(bool indent, struct error *err)
{
    struct json_writer *w = calloc(1, sizeof(*w));
    if (w != NULL)
        w->gen = yajl_gen_alloc(NULL);
    if (w == NULL || w->gen == NULL) {
        free(w);
        error_number(err, ENOMEM, "write JSON");
        return NULL;
    }
    w->failed = yajl_gen_status_ok;
    yajl_gen_config(w->gen, yajl_gen_beautify, (int)indent);
    yajl_gen_config(w->gen, yajl_gen_indent_string, "  ");
    yajl_gen_config(w->gen, yajl_gen_validate_utf8, 1);
    return w;
}

static void keep(struct json_writer *w, yajl_gen_status status)
{
    if (w->failed == yajl_gen_status_ok)
        w->failed = status;
}

/* The generator goes on after some failures; a writer does not. */
#define WRITE(w, call)                         \
    do {                                       \
        if ((w)->failed == yajl_gen_status_ok) \
            keep((w), (call));                 \
    } while (0)

void json_write_object(struct json_writer *w)
{
    WRITE(w, yajl_gen_map_open(w->gen));
}

void json_write_object_end(struct json_writer *w)
{
    WRITE(w, yajl_gen_map_close(w->gen));
}

void json_write_array(struct json_writer *w)
{
    WRITE(w, yajl_gen_array_open(w->gen));
}

void json_write_array_end(struct json_writer *w)
{
    WRITE(w, yajl_gen_array_close(w->gen));
}

void json_write_key(struct json_writer *w, const char *key)
{
    json_write_string(w, key);
}

void json_write_string(struct json_writer *w, const char *value)
{
    WRITE(w, yajl_gen_string(w->gen, (const unsigned char *)value, strlen(value)));
}

void json_write_integer(struct json_writer *w, int64_t value)
{
    WRITE(w, yajl_gen_integer(w->gen, value));
}

void json_write_bool(struct json_writer *w, bool value)
{
    WRITE(w, yajl_gen_bool(w->gen, value));
}

void json_write_member(struct json_writer *w, const char *key, const char *value)
{
    if (value == NULL)
        return;
    json_write_key(w, key);
    json_write_string(w, value);
}

void json_write_member_integer(struct json_writer *w, const char *key, int64_t value)
{
    json_write_key(w, key);
    json_write_integer(w, value);
}

void json_write_member_bool(struct json_writer *w, const char *key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

void json_write_member_strings(struct json_writer *w, const char *key, const char *const *values, size_t n)
{
    json_write_key(w, key);
    json_write_array(w);
    for (size_t i = 0; i < n; i++)
        json_write_string(w, values[i]);
    json_write_array_end(w);
}

static int fail(yajl_gen_status status, struct error *err)
{
    if (status == yajl_gen_invalid_string)
        return error_set(err, ERROR_INPUT, "write JSON: a string is not UTF-8");
    return error_set(err, ERROR_BUG, "write JSON: generator status %d", (int)status);
}

/* The text without what the generator has put at its end, and with one newline. */
static int copy_text(yajl_gen gen, char **out_text, struct error *err)
{
    const unsigned char *text;
    size_t size;
    yajl_gen_status status = yajl_gen_get_buf(gen, &text, &size);
    if (status != yajl_gen_status_ok)
        return fail(status, err);
    while (size > 0 && text[size - 1] == '\n')
        size--;

    char *copy = malloc(size + 2);
    if (copy == NULL)
        return error_errno(err, "write JSON");
    memcpy(copy, text, size);
    copy[size] = '\n';
    copy[size + 1] = '\0';
    *out_text = copy;
    return 0;
}

int json_write_end(struct json_writer *w, char **out_text, struct error *err)
{
    int result = w->failed == yajl_gen_status_ok ? copy_text(w->gen, out_text, err) : fail(w->failed, err);
    yajl_gen_free(w->gen);
    free(w);
    return result;
}
