/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table-driven readers: from a JSON object to a C struct, by a table of its members.
 *
 * What becomes of a property is not decided by these tables but by support.h: a member that is not listed
 * there is unknown and skipped, a refused one is an error, an ignored one a warning. Only what remains is
 * read by the struct field of its name. A field of an ignored or meaningless property is allowed, and checks
 * it.
 *
 * JSON's null is the same as an absent member, as in Go, whose encoder writes what engines send.
 */
#ifndef FIELD_H
#define FIELD_H

#include "arena.h"
#include "base/error.h"
#include "json_read.h"
#include "oci-spec/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than the longest path in the support table. */
#define FIELD_PATH_SIZE 256

/* One run over one document. */
struct field_reader {
    struct arena *arena;
    bool skips_support;    /* the document is not config.json: the support table does not apply */
    const char *refusal;   /* what field_refuse() noted first, or NULL; lives in the arena */
    const char **warnings; /* an array that grows; its items live in the arena */
    size_t n_warnings, max_warnings;
    char pattern[FIELD_PATH_SIZE]; /* where we are, as in the support table: "mounts[].type" */
    char path[FIELD_PATH_SIZE];    /* where we are, for people: "mounts[3].type"; cut when too long */
};

enum field_type {
    FIELD_BOOL,       /* bool */
    FIELD_U16,        /* uint16_t, min to max */
    FIELD_U32,        /* uint32_t */
    FIELD_U64,        /* uint64_t */
    FIELD_I32,        /* int32_t */
    FIELD_I64,        /* int64_t */
    FIELD_STRING,     /* const char * */
    FIELD_STRINGS,    /* struct config_strings */
    FIELD_U32S,       /* const uint32_t *, with its count at extra */
    FIELD_MAP,        /* struct config_map */
    FIELD_ENUM,       /* int: the index in names */
    FIELD_OBJECT,     /* a struct inside this one */
    FIELD_OBJECT_NEW, /* a pointer to a struct of its own */
    FIELD_OBJECTS,    /* a pointer to an array of structs, with its count at extra */
    FIELD_OBJECT_MAP, /* the same for an object with free keys: the struct starts with its key */
    FIELD_CUSTOM      /* what read does */
};

#define FIELD_NONE SIZE_MAX

struct field_object;

struct field {
    const char *name;
    enum field_type type;
    bool is_required;
    size_t offset; /* of the value in the struct */
    size_t
        extra;   /* of the count of an array (size_t) or of the has_ flag (bool); FIELD_NONE: there is none */
    int64_t min; /* numbers only, and both 0 means any */
    int64_t max;
    const char *const *names;          /* FIELD_ENUM: NULL at the end */
    const struct field_object *object; /* FIELD_OBJECT... */
    /* FIELD_CUSTOM: reads value; base is the struct, the offset not added. Others: NULL. */
    int (*read)(struct field_reader *reader, const struct json *value, void *base, struct error *err);
};

struct field_object {
    size_t size; /* of the struct */
    const struct field *fields;
    size_t n_fields;
    bool is_closed; /* unknown members are an error: the specification lists the only keys there can be */
    /* Checks and completes the struct once it is read; or NULL. */
    int (*finish)(struct field_reader *reader, void *base, struct error *err);
};

/* For tables: a member of STRUCT, required or not, and a list that is a pointer and a count. */
#define FIELD(STRUCT, MEMBER, TYPE, NAME) \
    .name = (NAME), .type = (TYPE), .offset = offsetof(struct STRUCT, MEMBER), .extra = FIELD_NONE
#define FIELD_HAS(STRUCT, MEMBER, TYPE, NAME)                                  \
    .name = (NAME), .type = (TYPE), .offset = offsetof(struct STRUCT, MEMBER), \
    .extra = offsetof(struct STRUCT, has_##MEMBER)
#define FIELD_LIST(STRUCT, MEMBER, COUNT, TYPE, NAME)                          \
    .name = (NAME), .type = (TYPE), .offset = offsetof(struct STRUCT, MEMBER), \
    .extra = offsetof(struct STRUCT, COUNT)
#define FIELD_OBJECT_OF(STRUCT, TABLE)                                                                   \
    {                                                                                                    \
        .size = sizeof(struct STRUCT), .fields = (TABLE), .n_fields = sizeof(TABLE) / sizeof((TABLE)[0]) \
    }

/* Reads an object's members into base, which is zero. The reader stands at the object. */
int field_read_object(struct field_reader *reader, const struct field_object *object,
                      const struct json *value, void *base, struct error *err);

/* ERROR_INPUT at the property where the reader stands: "PATH: ...". Returns -1. */
int field_error(const struct field_reader *reader, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Notes that wherry cannot honour the property where the reader stands; the first note counts. Returns 0, so
 * that reading goes on: the container may turn out to be none of wherry's. On failure -1.
 */
int field_refuse(struct field_reader *reader, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a warning, made with arena_format. NULL, from a failed arena_format, is -1. */
int field_warn(struct field_reader *reader, const char *text, struct error *err);

/* Hands the warnings over to the arena. The reader is empty afterwards. */
int field_take_warnings(struct field_reader *reader, struct config_strings *out, struct error *err);

/* Frees what the arena does not hold. */
void field_reader_release(struct field_reader *reader);

/* Steps, for FIELD_CUSTOM: into a member of the object, or an element of the array, where the reader stands;
 * and back to where it was. */
struct field_place {
    size_t pattern_length, path_length;
};
struct field_place field_enter_member(struct field_reader *reader, const char *name);
struct field_place field_enter_element(struct field_reader *reader, size_t index);
void field_leave(struct field_reader *reader, struct field_place place);

/* An error unless value is of the type. */
int field_check_type(const struct field_reader *reader, const struct json *value, enum json_type type,
                     struct error *err);

/* An error unless path, which is not NULL, starts with "/". */
int field_check_absolute(const struct field_reader *reader, const char *path, struct error *err);

#endif
