/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <string.h>

size_t num_scan_u64(const char *text, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    size_t n = 0;
    while (n < size && text[n] >= '0' && text[n] <= '9') {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[n] - '0'), &value))
            return 0;
        n++;
    }
    if (n > 0)
        *out = value;
    return n;
}

int num_parse_u64(const char *text, uint64_t max, uint64_t *out, const char *what, struct error *err)
{
    uint64_t value;
    size_t len = strlen(text);
    if (len == 0 || num_scan_u64(text, len, &value) != len || value > max)
        return error_set(err, ERROR_INPUT, "%s '%s' is not a number of 0 to %ju", what, text, (uintmax_t)max);
    *out = value;
    return 0;
}

int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out, const char *what,
                  struct error *err)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    size_t len = strlen(digits);
    uint64_t size;
    int64_t value = 0;

    /* The sign goes through the subtraction: INT64_MIN has no positive counterpart. */
    if (len == 0 || num_scan_u64(digits, len, &size) != len ||
        (digits != text ? __builtin_sub_overflow(0, size, &value)
                        : __builtin_add_overflow(0, size, &value)) ||
        value < min || value > max)
        return error_set(err, ERROR_INPUT, "%s '%s' is not a number of %jd to %jd", what, text, (intmax_t)min,
                         (intmax_t)max);
    *out = value;
    return 0;
}
