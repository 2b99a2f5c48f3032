/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include <stdint.h>

/* The six bits that a character stands for, or -1. */
static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Decodes the four characters at text, of which the last n_padding are "=". */
static bool decode_group(const char *text, size_t n_padding, unsigned char *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - n_padding ? digit(text[i]) : 0;
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
    }
    for (size_t i = 0; i < 3 - n_padding; i++)
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    return (bits & ((1u << (8 * n_padding)) - 1)) == 0;
}

bool base64_decode(const char *text, size_t length, unsigned char *out, size_t *out_size)
{
    if (length % 4 != 0)
        return false;
    *out_size = 0;
    for (size_t at = 0; at < length; at += 4) {
        size_t n_padding = 0;
        if (at + 4 == length && text[at + 3] == '=')
            n_padding = text[at + 2] == '=' ? 2 : 1;
        if (!decode_group(text + at, n_padding, out + *out_size))
            return false;
        *out_size += 3 - n_padding;
    }
    return true;
}
