/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

/*
 * The length of the character at the start of p, 0 if it is not a valid one. The second byte carries all the
 * special cases (RFC 3629 section 4): its range depends on the first.
 */
static size_t character(const unsigned char *p, size_t size)
{
    unsigned char first = p[0], low = 0x80, high = 0xbf;
    size_t length;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        low = first == 0xe0 ? 0xa0 : low;
        high = first == 0xed ? 0x9f : high;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        low = first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (size < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

size_t utf8_valid_prefix(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (at < size) {
        size_t length = character(bytes + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}
