/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: one table in the order of gdb's numbers says where each register lies in struct registers. From it
 * come the values and the description. Two kinds lie elsewhere than gdb wants them: a selector is 32 bits for
 * gdb, and the tags of the floating-point stack are one bit each in FXSAVE's area and two in gdb's register.
 */
#include "gdb/registers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum place { IN_STRUCT, TAGS, NOWHERE };

struct entry {
    const char *name;
    const char *type;
    uint16_t off;   /* in struct registers */
    uint8_t stored; /* bytes there; what gdb has more are zero */
    uint8_t size;   /* bytes for gdb */
    uint8_t place;
    bool is_fixed;
};

#define FXSAVE(at) (offsetof(struct registers, fxsave) + (at))

#define GENERAL(n, t)                                                                                 \
    {                                                                                                 \
        .name = #n, .type = (t), .off = offsetof(struct registers, general.n), .stored = 8, .size = 8 \
    }
#define SELECTOR(n, i)                                                                              \
    {                                                                                               \
        .name = (n), .type = "int32", .off = offsetof(struct registers, selectors[i]), .stored = 4, \
        .size = 4, .is_fixed = true                                                                 \
    }
#define STACK(i)                                                                                    \
    {                                                                                               \
        .name = "st" #i, .type = "i387_ext", .off = FXSAVE(32 + 16 * (i)), .stored = 10, .size = 10 \
    }
#define CONTROL(n, at, bytes)                                                       \
    {                                                                               \
        .name = (n), .type = "int", .off = FXSAVE(at), .stored = (bytes), .size = 4 \
    }
#define ABSENT(n)                                                                 \
    {                                                                             \
        .name = (n), .type = "int", .size = 4, .place = NOWHERE, .is_fixed = true \
    }
#define VECTOR(i)                                                                                   \
    {                                                                                               \
        .name = "xmm" #i, .type = "vec128", .off = FXSAVE(160 + 16 * (i)), .stored = 16, .size = 16 \
    }

static const struct entry entries[] = {
    /* org.gnu.gdb.i386.core */
    GENERAL(rax, "int64"),
    GENERAL(rbx, "int64"),
    GENERAL(rcx, "int64"),
    GENERAL(rdx, "int64"),
    GENERAL(rsi, "int64"),
    GENERAL(rdi, "int64"),
    GENERAL(rbp, "data_ptr"),
    GENERAL(rsp, "data_ptr"),
    GENERAL(r8, "int64"),
    GENERAL(r9, "int64"),
    GENERAL(r10, "int64"),
    GENERAL(r11, "int64"),
    GENERAL(r12, "int64"),
    GENERAL(r13, "int64"),
    GENERAL(r14, "int64"),
    GENERAL(r15, "int64"),
    GENERAL(rip, "code_ptr"),
    {.name = "eflags",
     .type = "flags",
     .off = offsetof(struct registers, general.rflags),
     .stored = 4,
     .size = 4},
    SELECTOR("cs", 0),
    SELECTOR("ss", 1),
    SELECTOR("ds", 2),
    SELECTOR("es", 3),
    SELECTOR("fs", 4),
    SELECTOR("gs", 5),
    STACK(0),
    STACK(1),
    STACK(2),
    STACK(3),
    STACK(4),
    STACK(5),
    STACK(6),
    STACK(7),
    CONTROL("fctrl", 0, 2),
    CONTROL("fstat", 2, 2),
    {.name = "ftag", .type = "int", .off = FXSAVE(4), .stored = 1, .size = 4, .place = TAGS},
    ABSENT("fiseg"),
    ABSENT("fioff"),
    ABSENT("foseg"),
    ABSENT("fooff"),
    CONTROL("fop", 6, 2),
    /* org.gnu.gdb.i386.sse */
    VECTOR(0),
    VECTOR(1),
    VECTOR(2),
    VECTOR(3),
    VECTOR(4),
    VECTOR(5),
    VECTOR(6),
    VECTOR(7),
    VECTOR(8),
    VECTOR(9),
    VECTOR(10),
    VECTOR(11),
    VECTOR(12),
    VECTOR(13),
    VECTOR(14),
    VECTOR(15),
    CONTROL("mxcsr", 24, 4),
    /* org.gnu.gdb.i386.segments */
    {.name = "fs_base", .type = "int64", .off = offsetof(struct registers, fs_base), .stored = 8, .size = 8},
    {.name = "gs_base", .type = "int64", .off = offsetof(struct registers, gs_base), .stored = 8, .size = 8},
};

#define COUNT (sizeof(entries) / sizeof(entries[0]))
const unsigned registers_count = COUNT;

/* Where a new feature of the description begins. */
static const struct {
    const char *first;
    const char *feature;
    const char *types;
} features[] = {
    {"rax", "org.gnu.gdb.i386.core",
     "<flags id=\"flags\" size=\"4\">"
     "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"PF\" start=\"2\" end=\"2\"/>"
     "<field name=\"AF\" start=\"4\" end=\"4\"/><field name=\"ZF\" start=\"6\" end=\"6\"/>"
     "<field name=\"SF\" start=\"7\" end=\"7\"/><field name=\"TF\" start=\"8\" end=\"8\"/>"
     "<field name=\"IF\" start=\"9\" end=\"9\"/><field name=\"DF\" start=\"10\" end=\"10\"/>"
     "<field name=\"OF\" start=\"11\" end=\"11\"/></flags>"},
    {"xmm0", "org.gnu.gdb.i386.sse",
     "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" "
     "count=\"2\"/>"
     "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/><vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
     "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
     "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
     "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
     "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
     "<field name=\"uint128\" type=\"uint128\"/></union>"},
    {"fs_base", "org.gnu.gdb.i386.segments", ""},
};

/* ---- tags ---- */

/* Two bits for each register of the stack: 3 is empty. Whether a value is special, gdb can see for itself. */
static uint16_t widen_tags(uint8_t is_used)
{
    uint16_t tags = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((is_used >> i & 1) == 0)
            tags = (uint16_t)(tags | 3u << (2 * i));
    return tags;
}

static uint8_t narrow_tags(uint16_t tags)
{
    uint8_t is_used = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((tags >> (2 * i) & 3) != 3)
            is_used = (uint8_t)(is_used | 1u << i);
    return is_used;
}

/* ---- values ---- */

size_t registers_get(const struct registers *registers, unsigned n, uint8_t out[REGISTERS_BYTES_MAX])
{
    if (n >= COUNT)
        return 0;
    const struct entry *e = &entries[n];
    const uint8_t *from = (const uint8_t *)registers + e->off;

    memset(out, 0, REGISTERS_BYTES_MAX);
    if (e->place == TAGS) {
        uint16_t tags = widen_tags(*from);
        memcpy(out, &tags, sizeof(tags));
    } else if (e->place == IN_STRUCT)
        memcpy(out, from, e->stored);
    return e->size;
}

bool registers_set(struct registers *registers, unsigned n, const uint8_t *bytes, size_t size)
{
    if (n >= COUNT || size != entries[n].size || entries[n].is_fixed)
        return false;
    const struct entry *e = &entries[n];
    uint8_t *to = (uint8_t *)registers + e->off;

    if (e->place == TAGS) {
        uint16_t tags;
        memcpy(&tags, bytes, sizeof(tags));
        *to = narrow_tags(tags);
    } else
        memcpy(to, bytes, e->stored);
    return true;
}

/* ---- the description ---- */

static char description[8192];

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
    size_t used = strlen(description);
    va_list args;
    va_start(args, fmt);
    vsnprintf(description + used, sizeof(description) - used, fmt, args);
    va_end(args);
}

static void add_feature(size_t number)
{
    if (number > 0)
        add("</feature>");
    add("<feature name=\"%s\">%s", features[number].feature, features[number].types);
}

const char *registers_describe(void)
{
    size_t feature = 0;

    if (description[0] != '\0')
        return description;
    add("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
        "<architecture>i386:x86-64</architecture>");
    for (size_t i = 0; i < COUNT; i++) {
        if (feature < sizeof(features) / sizeof(features[0]) &&
            strcmp(entries[i].name, features[feature].first) == 0)
            add_feature(feature++);
        add("<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"/>", entries[i].name, 8u * entries[i].size,
            entries[i].type);
    }
    add("</feature></target>");
    return description;
}
