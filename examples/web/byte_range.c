/* SPDX-License-Identifier: Apache-2.0 */
#include "byte_range.h"

#include <ctype.h>

/* Reads digits at *p, which is moved on. Too large a number becomes the largest. Returns false without
 * digits. */
static bool read_number(const char **p, const char *end, uint64_t *out)
{
    const char *start = *p;
    uint64_t value = 0;
    for (; *p < end && isdigit((unsigned char)**p); ++*p) {
        unsigned digit = (unsigned)(**p - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return *p > start;
}

enum byte_range_result byte_range_parse(struct slice field, uint64_t size, uint64_t *out_first,
                                        uint64_t *out_count)
{
    static const char unit[] = "bytes=";
    size_t unit_size = sizeof(unit) - 1;
    if (field.data == NULL || field.size < unit_size || strncasecmp(field.data, unit, unit_size) != 0)
        return BYTE_RANGE_NONE;

    const char *p = field.data + unit_size, *end = field.data + field.size;
    uint64_t first, last;
    bool has_first = read_number(&p, end, &first);
    if (p == end || *p++ != '-')
        return BYTE_RANGE_NONE;
    bool has_last = read_number(&p, end, &last);
    if (p != end || !(has_first || has_last) || (has_first && has_last && last < first))
        return BYTE_RANGE_NONE;

    if (!has_first) { /* the last so many bytes */
        first = last < size ? size - last : 0;
        if (last == 0)
            return BYTE_RANGE_UNSATISFIABLE;
        has_last = false;
    }
    if (first >= size)
        return BYTE_RANGE_UNSATISFIABLE;
    *out_first = first;
    *out_count = (has_last && last < size - 1 ? last : size - 1) - first + 1;
    return BYTE_RANGE_PART;
}
