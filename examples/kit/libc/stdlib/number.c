/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>

#define NO_DIGIT 36

static int digit_value(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    if (isalpha((unsigned char)c))
        return tolower((unsigned char)c) - 'a' + 10;
    return NO_DIGIT;
}

/* Steps over a prefix that belongs to the base, and settles base 0. */
static const char *skip_prefix(const char *s, int *base)
{
    bool is_hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;
    if (*base == 0)
        *base = is_hex ? 16 : s[0] == '0' ? 8 : 10;
    return is_hex && *base == 16 ? s + 2 : s;
}

unsigned long long number_read(const char *s, char **end, int base, bool is_signed)
{
    const char *p = s;
    while (isspace((unsigned char)*p))
        p++;
    bool is_negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    p = skip_prefix(p, &base);

    /* A signed number reaches one further below zero than above it. */
    unsigned long long max = is_signed ? LLONG_MAX + (unsigned long long)is_negative : ULLONG_MAX;
    unsigned long long value = 0;
    bool is_too_big = false;
    const char *digits = p;
    for (; digit_value(*p) < base; p++) {
        unsigned digit = (unsigned)digit_value(*p);
        is_too_big |= digit > max || value > (max - digit) / (unsigned)base;
        value = value * (unsigned)base + digit;
    }
    if (end != NULL)
        *end = (char *)(p == digits ? s : p);

    if (is_too_big) {
        errno = ERANGE;
        return is_signed && is_negative ? 0 - max : max;
    }
    return is_negative ? 0 - value : value;
}
