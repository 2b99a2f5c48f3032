/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversion specification is read into a struct spec; then the converted text is laid out as
 *
 *     spaces, prefix (sign or 0x), zeros, digits or string, spaces
 *
 * where flags, width and precision only decide how many spaces and zeros there are, and where.
 */
#include "format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DIGITS_MAX 22 /* of 2^64 in octal */

struct spec {
    bool is_left, has_plus, has_space, is_alternate, is_zero_padded;
    int width;
    int precision; /* -1: none */
    char length;   /* of the argument: 'H' char, 'h' short, 'l' long (or as long), 0 int */
    char conversion;
};

struct output {
    format_sink *sink;
    void *context;
    size_t count;
};

static void put(struct output *out, const char *data, size_t n)
{
    if (n > 0)
        out->sink(out->context, data, n);
    out->count += n;
}

static void put_repeated(struct output *out, char c, int n)
{
    char run[16];
    memset(run, c, sizeof(run));
    for (; n > 0; n -= (int)sizeof(run))
        put(out, run, n < (int)sizeof(run) ? (size_t)n : sizeof(run));
}

static void put_field(struct output *out, const struct spec *spec, const char *prefix, int n_zeros,
                      const char *text, size_t size)
{
    size_t used = strlen(prefix) + size + (size_t)n_zeros;
    int spaces = (size_t)spec->width > used ? spec->width - (int)used : 0;
    if (!spec->is_left)
        put_repeated(out, ' ', spaces);
    put(out, prefix, strlen(prefix));
    put_repeated(out, '0', n_zeros);
    put(out, text, size);
    if (spec->is_left)
        put_repeated(out, ' ', spaces);
}

static const char *read_number(const char *p, int *out, va_list *ap)
{
    if (*p == '*') {
        *out = va_arg(*ap, int);
        return p + 1;
    }
    for (*out = 0; *p >= '0' && *p <= '9'; p++)
        *out = *out < INT_MAX / 10 - 9 ? *out * 10 + (*p - '0') : INT_MAX / 10;
    return p;
}

static const char *read_flags(const char *p, struct spec *spec)
{
    for (;; p++) {
        switch (*p) {
        case '-':
            spec->is_left = true;
            break;
        case '+':
            spec->has_plus = true;
            break;
        case ' ':
            spec->has_space = true;
            break;
        case '#':
            spec->is_alternate = true;
            break;
        case '0':
            spec->is_zero_padded = true;
            break;
        default:
            return p;
        }
    }
}

/* Reads what follows a '%'; returns the place after the conversion character. */
static const char *read_spec(const char *p, struct spec *spec, va_list *ap)
{
    *spec = (struct spec){.precision = -1};
    p = read_flags(p, spec);
    p = read_number(p, &spec->width, ap);
    if (spec->width < 0) { /* out of an argument: a '-' flag and a width */
        spec->is_left = true;
        spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
    }
    if (*p == '.')
        p = read_number(p + 1, &spec->precision, ap);
    for (; *p != '\0' && strchr("hlzjt", *p) != NULL; p++)
        spec->length = *p != 'h' ? 'l' : spec->length == 'h' ? 'H' : 'h';
    spec->conversion = *p;
    return *p == '\0' ? p : p + 1;
}

static uint64_t read_signed(const struct spec *spec, va_list *ap)
{
    int64_t value = spec->length == 'l' ? va_arg(*ap, long) : va_arg(*ap, int);
    return (uint64_t)(spec->length == 'h' ? (short)value : spec->length == 'H' ? (signed char)value : value);
}

static uint64_t read_unsigned(const struct spec *spec, va_list *ap)
{
    uint64_t value = spec->length == 'l' ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);
    return spec->length == 'h' ? (uint16_t)value : spec->length == 'H' ? (uint8_t)value : value;
}

static void put_integer(struct output *out, const struct spec *spec, uint64_t value, const char *prefix)
{
    unsigned base = spec->conversion == 'o' ? 8 : strchr("xXp", spec->conversion) != NULL ? 16 : 10;
    const char *digits = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[DIGITS_MAX];
    char *first = text + sizeof(text);
    for (; value > 0; value /= base)
        *--first = digits[value % base];

    int n_digits = (int)(text + sizeof(text) - first);
    int wanted = spec->precision < 0 ? 1 : spec->precision;
    if (spec->conversion == 'o' && spec->is_alternate && wanted <= n_digits)
        wanted = n_digits + 1;
    if (spec->precision < 0 && spec->is_zero_padded && !spec->is_left &&
        wanted < spec->width - (int)strlen(prefix))
        wanted = spec->width - (int)strlen(prefix);
    put_field(out, spec, prefix, wanted > n_digits ? wanted - n_digits : 0, first, (size_t)n_digits);
}

static void put_string(struct output *out, const struct spec *spec, const char *s)
{
    if (s == NULL)
        s = "(null)";
    put_field(out, spec, "", 0, s, spec->precision < 0 ? strlen(s) : strnlen(s, (size_t)spec->precision));
}

/* Returns false when it does not know the conversion. */
static bool put_conversion(struct output *out, const struct spec *spec, va_list *ap)
{
    uint64_t value;
    char c;
    switch (spec->conversion) {
    case 'd':
    case 'i':
        value = read_signed(spec, ap);
        if ((int64_t)value < 0)
            put_integer(out, spec, 0 - value, "-");
        else
            put_integer(out, spec, value, spec->has_plus ? "+" : spec->has_space ? " " : "");
        return true;
    case 'u':
    case 'o':
        put_integer(out, spec, read_unsigned(spec, ap), "");
        return true;
    case 'x':
    case 'X':
        value = read_unsigned(spec, ap);
        put_integer(out, spec, value,
                    !spec->is_alternate || value == 0 ? ""
                    : spec->conversion == 'x'         ? "0x"
                                                      : "0X");
        return true;
    case 'p':
        put_integer(out, spec, (uintptr_t)va_arg(*ap, void *), "0x");
        return true;
    case 's':
        put_string(out, spec, va_arg(*ap, const char *));
        return true;
    case 'c':
        c = (char)va_arg(*ap, int);
        put_field(out, spec, "", 0, &c, 1);
        return true;
    case '%':
        put(out, "%", 1);
        return true;
    default:
        return false;
    }
}

int format_print(format_sink *sink, void *context, const char *format, va_list ap)
{
    struct output out = {.sink = sink, .context = context};
    va_list args; /* a parameter of type va_list has no address that could be passed on */
    va_copy(args, ap);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        put(&out, format, plain);
        format += plain;
        if (*format == '\0')
            break;

        struct spec spec;
        const char *after = read_spec(format + 1, &spec, &args);
        if (!put_conversion(&out, &spec, &args))
            put(&out, format, (size_t)(after - format));
        format = after;
    }
    va_end(args);
    return (int)out.count;
}
