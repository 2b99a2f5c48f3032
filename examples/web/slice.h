/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of somebody else's text, without a NUL at its end. */
#ifndef WEB_SLICE_H
#define WEB_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *data; /* NULL: there is none, which is not the same as an empty one */
    size_t size;
};

static inline bool slice_equals(struct slice s, const char *text)
{
    return s.size == strlen(text) && memcmp(s.data, text, s.size) == 0;
}

/* Without regard to case, as HTTP compares names. */
static inline bool slice_equals_nocase(struct slice s, const char *text)
{
    return s.size == strlen(text) && strncasecmp(s.data, text, s.size) == 0;
}

#endif
