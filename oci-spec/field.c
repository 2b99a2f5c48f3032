/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: a walk over the JSON tree with two paths that grow and shrink with it. The pattern is looked up in
 * the support table for each member of each object that is read, before anything else is done with it: so no
 * property gets past the table, whichever section it stands in.
 */
#include "field.h"

#include "base/bug.h"
#include "base/num.h"
#include "oci-spec/support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- where we are --- */

/* Appends part, or as much of it as there is room for. */
static void append(char path[FIELD_PATH_SIZE], const char *part)
{
    size_t length = strlen(path), n = strnlen(part, FIELD_PATH_SIZE - 1 - length);
    memcpy(path + length, part, n);
    path[length + n] = '\0';
}

static void append_step(char path[FIELD_PATH_SIZE], const char *name)
{
    if (path[0] != '\0')
        append(path, ".");
    append(path, name);
}

static struct field_place place_of(const struct field_reader *reader)
{
    return (struct field_place){.pattern_length = strlen(reader->pattern),
                                .path_length = strlen(reader->path)};
}

static struct field_place enter(struct field_reader *reader, const char *pattern, const char *name)
{
    struct field_place place = place_of(reader);
    append_step(reader->pattern, pattern);
    append_step(reader->path, name);
    return place;
}

struct field_place field_enter_member(struct field_reader *reader, const char *name)
{
    return enter(reader, name, name);
}

struct field_place field_enter_element(struct field_reader *reader, size_t index)
{
    struct field_place place = place_of(reader);
    char step[32];
    snprintf(step, sizeof(step), "[%zu]", index);
    append(reader->pattern, "[]");
    append(reader->path, step);
    return place;
}

void field_leave(struct field_reader *reader, struct field_place place)
{
    reader->pattern[place.pattern_length] = '\0';
    reader->path[place.path_length] = '\0';
}

int field_error(const struct field_reader *reader, struct error *err, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (reader->path[0] == '\0')
        return error_set(err, ERROR_INPUT, "%s", text);
    return error_set(err, ERROR_INPUT, "%s: %s", reader->path, text);
}

int field_refuse(struct field_reader *reader, struct error *err, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE];
    if (reader->refusal != NULL)
        return 0;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    reader->refusal = arena_format(reader->arena, err, "%s: %s", reader->path, text);
    return reader->refusal == NULL ? -1 : 0;
}

/* --- warnings --- */

int field_warn(struct field_reader *reader, const char *text, struct error *err)
{
    if (text == NULL)
        return -1;
    if (reader->n_warnings == reader->max_warnings) {
        size_t max = reader->max_warnings == 0 ? 8 : 2 * reader->max_warnings;
        const char **larger = reallocarray(reader->warnings, max, sizeof(*larger));
        if (larger == NULL)
            return error_errno(err, "allocate %zu warnings", max);
        reader->warnings = larger;
        reader->max_warnings = max;
    }
    reader->warnings[reader->n_warnings++] = text;
    return 0;
}

int field_take_warnings(struct field_reader *reader, struct config_strings *out, struct error *err)
{
    const char **items = arena_alloc(reader->arena, reader->n_warnings + 1, sizeof(*items), err);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < reader->n_warnings; i++)
        items[i] = reader->warnings[i];
    *out = (struct config_strings){.items = items, .n = reader->n_warnings};
    reader->n_warnings = 0;
    return 0;
}

void field_reader_release(struct field_reader *reader)
{
    free(reader->warnings);
    reader->warnings = NULL;
    reader->n_warnings = reader->max_warnings = 0;
}

/* --- single values --- */

int field_check_type(const struct field_reader *reader, const struct json *value, enum json_type type,
                     struct error *err)
{
    if (value->type == type)
        return 0;
    return field_error(reader, err, "must be %s, not %s", json_type_name(type), json_type_name(value->type));
}

int field_check_absolute(const struct field_reader *reader, const char *path, struct error *err)
{
    if (path[0] == '/')
        return 0;
    return field_error(reader, err, "'%s' is not an absolute path", path);
}

static int read_unsigned(struct field_reader *reader, const struct field *field, const struct json *value,
                         uint64_t type_max, uint64_t *out, struct error *err)
{
    uint64_t max = field->max > 0 ? (uint64_t)field->max : type_max, number;
    if (field_check_type(reader, value, JSON_NUMBER, err) < 0)
        return -1;
    if (num_parse_u64(value->text, max, &number, "the value", err) < 0)
        return error_wrap(err, "%s", reader->path);
    if (field->min > 0 && number < (uint64_t)field->min)
        return field_error(reader, err, "the value '%s' is below %lld", value->text, (long long)field->min);
    *out = number;
    return 0;
}

static int read_signed(struct field_reader *reader, const struct field *field, const struct json *value,
                       bool is_wide, int64_t *out, struct error *err)
{
    int64_t min = is_wide ? INT64_MIN : INT32_MIN, max = is_wide ? INT64_MAX : INT32_MAX;
    if (field->min != 0 || field->max != 0) {
        min = field->min;
        max = field->max;
    }
    if (field_check_type(reader, value, JSON_NUMBER, err) < 0)
        return -1;
    if (num_parse_i64(value->text, min, max, out, "the value", err) < 0)
        return error_wrap(err, "%s", reader->path);
    return 0;
}

static int read_number(struct field_reader *reader, const struct field *field, const struct json *value,
                       void *to, struct error *err)
{
    uint64_t u = 0;
    int64_t i = 0;
    int result;
    switch (field->type) {
    case FIELD_U16:
        result = read_unsigned(reader, field, value, UINT16_MAX, &u, err);
        *(uint16_t *)to = (uint16_t)u;
        return result;
    case FIELD_U32:
        result = read_unsigned(reader, field, value, UINT32_MAX, &u, err);
        *(uint32_t *)to = (uint32_t)u;
        return result;
    case FIELD_U64:
        return read_unsigned(reader, field, value, UINT64_MAX, to, err);
    case FIELD_I32:
        result = read_signed(reader, field, value, false, &i, err);
        *(int32_t *)to = (int32_t)i;
        return result;
    default:
        return read_signed(reader, field, value, true, to, err);
    }
}

static int read_enum(struct field_reader *reader, const struct field *field, const struct json *value,
                     int *to, struct error *err)
{
    if (field_check_type(reader, value, JSON_STRING, err) < 0)
        return -1;
    for (int i = 0; field->names[i] != NULL; i++) {
        if (strcmp(field->names[i], value->text) == 0) {
            *to = i;
            return 0;
        }
    }
    return field_error(reader, err, "unknown value '%s'", value->text);
}

/* The tree's own strings are kept: it lives in the same arena as the result. */
static int read_string(struct field_reader *reader, const struct json *value, const char **to,
                       struct error *err)
{
    if (field_check_type(reader, value, JSON_STRING, err) < 0)
        return -1;
    *to = value->text;
    return 0;
}

/* --- lists and maps --- */

static int read_strings(struct field_reader *reader, const struct json *value, struct config_strings *to,
                        struct error *err)
{
    if (field_check_type(reader, value, JSON_ARRAY, err) < 0)
        return -1;
    const char **items = arena_alloc(reader->arena, value->n_children + 1, sizeof(*items), err);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        struct field_place place = field_enter_element(reader, i);
        if (read_string(reader, value->children[i], &items[i], err) < 0)
            return -1;
        field_leave(reader, place);
    }
    *to = (struct config_strings){.items = items, .n = value->n_children};
    return 0;
}

static int read_u32s(struct field_reader *reader, const struct field *field, const struct json *value,
                     char *base, struct error *err)
{
    if (field_check_type(reader, value, JSON_ARRAY, err) < 0)
        return -1;
    uint32_t *items = arena_alloc(reader->arena, value->n_children, sizeof(*items), err);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        struct field_place place = field_enter_element(reader, i);
        uint64_t number;
        if (read_unsigned(reader, field, value->children[i], UINT32_MAX, &number, err) < 0)
            return -1;
        items[i] = (uint32_t)number;
        field_leave(reader, place);
    }
    *(const uint32_t **)(base + field->offset) = items;
    *(size_t *)(base + field->extra) = value->n_children;
    return 0;
}

static int read_map(struct field_reader *reader, const struct json *value, struct config_map *to,
                    struct error *err)
{
    if (field_check_type(reader, value, JSON_OBJECT, err) < 0)
        return -1;
    struct config_pair *pairs = arena_alloc(reader->arena, value->n_children, sizeof(*pairs), err);
    if (pairs == NULL)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        const struct json *member = value->children[i];
        struct field_place place = enter(reader, "*", member->key);
        pairs[i].key = member->key;
        if (read_string(reader, member, &pairs[i].value, err) < 0)
            return -1;
        field_leave(reader, place);
    }
    *to = (struct config_map){.pairs = pairs, .n = value->n_children};
    return 0;
}

/* An array of structs, from an array, or from an object whose keys become the first field of each. */
static int read_objects(struct field_reader *reader, const struct field *field, const struct json *value,
                        char *base, struct error *err)
{
    bool is_map = field->type == FIELD_OBJECT_MAP;
    if (field_check_type(reader, value, is_map ? JSON_OBJECT : JSON_ARRAY, err) < 0)
        return -1;
    char *items = arena_alloc(reader->arena, value->n_children, field->object->size, err);
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < value->n_children; i++) {
        const struct json *child = value->children[i];
        char *item = items + i * field->object->size;
        struct field_place place = is_map ? enter(reader, "*", child->key) : field_enter_element(reader, i);
        if (is_map)
            *(const char **)item = child->key;
        if (field_read_object(reader, field->object, child, item, err) < 0)
            return -1;
        field_leave(reader, place);
    }
    *(char **)(base + field->offset) = items;
    *(size_t *)(base + field->extra) = value->n_children;
    return 0;
}

static int read_object_new(struct field_reader *reader, const struct field *field, const struct json *value,
                           void **to, struct error *err)
{
    void *item = arena_alloc(reader->arena, 1, field->object->size, err);
    if (item == NULL || field_read_object(reader, field->object, value, item, err) < 0)
        return -1;
    *to = item;
    return 0;
}

/* --- objects --- */

/* A list that is not given can be passed to execve(2) like any other. */
static void prepare_strings(const struct field_object *object, char *base)
{
    static const char *const none[] = {NULL};
    for (size_t i = 0; i < object->n_fields; i++) {
        if (object->fields[i].type == FIELD_STRINGS)
            ((struct config_strings *)(void *)(base + object->fields[i].offset))->items = none;
    }
}

static int read_field(struct field_reader *reader, const struct field *field, const struct json *value,
                      char *base, struct error *err)
{
    void *to = base + field->offset;
    switch (field->type) {
    case FIELD_BOOL:
        if (field_check_type(reader, value, JSON_BOOL, err) < 0)
            return -1;
        *(bool *)to = value->boolean;
        return 0;
    case FIELD_U16:
    case FIELD_U32:
    case FIELD_U64:
    case FIELD_I32:
    case FIELD_I64:
        return read_number(reader, field, value, to, err);
    case FIELD_STRING:
        return read_string(reader, value, to, err);
    case FIELD_STRINGS:
        return read_strings(reader, value, to, err);
    case FIELD_U32S:
        return read_u32s(reader, field, value, base, err);
    case FIELD_MAP:
        return read_map(reader, value, to, err);
    case FIELD_ENUM:
        return read_enum(reader, field, value, to, err);
    case FIELD_OBJECT:
        return field_read_object(reader, field->object, value, to, err);
    case FIELD_OBJECT_NEW:
        return read_object_new(reader, field, value, to, err);
    case FIELD_OBJECTS:
    case FIELD_OBJECT_MAP:
        return read_objects(reader, field, value, base, err);
    case FIELD_CUSTOM:
        return field->read(reader, value, base, err);
    }
    return 0;
}

static bool has_flag(const struct field *field)
{
    return field->extra != FIELD_NONE && field->type != FIELD_U32S && field->type != FIELD_OBJECTS &&
           field->type != FIELD_OBJECT_MAP;
}

static const struct field *find_field(const struct field_object *object, const char *name)
{
    for (size_t i = 0; i < object->n_fields; i++) {
        if (strcmp(object->fields[i].name, name) == 0)
            return &object->fields[i];
    }
    return NULL;
}

/* The table's entry for the member where the reader stands. A name with a path's own signs would look like a
 * path to something else. */
static const struct support_entry *find_entry(const struct field_reader *reader, const char *name)
{
    return strpbrk(name, ".[]*") != NULL ? NULL : support_find(reader->pattern);
}

/* What the support table says about the member where the reader stands: whether it is to be read. */
static int consult_support(struct field_reader *reader, const struct json *member, const struct field *field,
                           bool *out_wanted, struct error *err)
{
    const struct support_entry *entry = find_entry(reader, member->key);
    *out_wanted = entry != NULL && field != NULL;
    if (entry == NULL || json_is_empty(member))
        return 0;
    switch (entry->action) {
    case SUPPORT_REFUSED:
        *out_wanted = false;
        return field_refuse(reader, err, "not supported: %s", entry->why);
    case SUPPORT_IGNORED:
        return field_warn(
            reader, arena_format(reader->arena, err, "%s is ignored: %s", reader->path, entry->why), err);
    case SUPPORT_HONOURED:
    case SUPPORT_MONITOR:
        BUG_ON(field == NULL);
        break;
    case SUPPORT_MEANINGLESS:
        break;
    }
    return 0;
}

/* One member, with the reader at it. */
static int read_member(struct field_reader *reader, const struct field_object *object,
                       const struct json *member, char *base, struct error *err)
{
    const struct field *field = find_field(object, member->key);
    bool is_wanted = field != NULL;
    if (!reader->skips_support && consult_support(reader, member, field, &is_wanted, err) < 0)
        return -1;
    if (field == NULL && object->is_closed)
        return field_error(reader, err, "unknown");
    if (!is_wanted || member->type == JSON_NULL)
        return 0;
    if (read_field(reader, field, member, base, err) < 0)
        return -1;
    if (has_flag(field))
        *(bool *)(base + field->extra) = true;
    return 0;
}

static int check_required(const struct field_reader *reader, const struct field_object *object,
                          const struct json *value, struct error *err)
{
    for (size_t i = 0; i < object->n_fields; i++) {
        const struct field *field = &object->fields[i];
        const struct json *member = json_get(value, field->name);
        if (field->is_required && (member == NULL || member->type == JSON_NULL))
            return field_error(reader, err, "'%s' is missing", field->name);
    }
    return 0;
}

int field_read_object(struct field_reader *reader, const struct field_object *object,
                      const struct json *value, void *base, struct error *err)
{
    if (field_check_type(reader, value, JSON_OBJECT, err) < 0)
        return -1;
    prepare_strings(object, base);
    for (size_t i = 0; i < value->n_children; i++) {
        const struct json *member = value->children[i];
        struct field_place place = field_enter_member(reader, member->key);
        if (read_member(reader, object, member, base, err) < 0)
            return -1;
        field_leave(reader, place);
    }
    if (check_required(reader, object, value, err) < 0)
        return -1;
    return object->finish == NULL ? 0 : object->finish(reader, base, err);
}
