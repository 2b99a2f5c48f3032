/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/hex.h"

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void hex_encode(const void *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
}

bool hex_decode(const char *text, void *out, size_t size)
{
    uint8_t *to = out;

    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool hex_scan(const char **text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = *text;

    for (; hex_digit(*at) >= 0; at++) {
        if (value >> 60 != 0)
            return false;
        value = value << 4 | (uint64_t)hex_digit(*at);
    }
    if (at == *text)
        return false;
    *text = at;
    *out = value;
    return true;
}
