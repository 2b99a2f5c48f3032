/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IPv6 address is up to eight groups, of which one run of zeros may be written as "::". The groups before
 * it are put at the front, those behind it are moved to the back at the end.
 */
#include "kit/ip_config.h"

#include <ctype.h>
#include <string.h>

#define GROUPS 8

int ip_config_parse_ipv4(const char *text, const char *end, uint8_t out[4])
{
    uint8_t bytes[4];
    const char *p = text;
    for (int i = 0; i < 4; i++) {
        unsigned value = 0;
        if (i > 0 && (p == end || *p++ != '.'))
            return -1;
        const char *start = p;
        for (; p < end && *p >= '0' && *p <= '9' && value <= 255; p++)
            value = value * 10 + (unsigned)(*p - '0');
        if (p == start || value > 255)
            return -1;
        bytes[i] = (uint8_t)value;
    }
    if (p != end)
        return -1;
    memcpy(out, bytes, sizeof(bytes));
    return 0;
}

static unsigned digit_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

/* Reads one to four hexadecimal digits. Returns the place after them, or NULL. */
static const char *read_group(const char *p, const char *end, uint8_t out[2])
{
    unsigned value = 0;
    const char *start = p;
    for (; p < end && isxdigit((unsigned char)*p) && p - start < 4; p++)
        value = value << 4 | digit_value(*p);
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return p == start ? NULL : p;
}

int ip_config_parse_ipv6(const char *text, const char *end, uint8_t out[16])
{
    uint8_t groups[GROUPS][2] = {{0}};
    int n = 0, gap = -1;
    const char *p = text;

    if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
        gap = 0;
        p += 2;
    }
    while (p < end) {
        if (n == GROUPS || (p = read_group(p, end, groups[n])) == NULL)
            return -1;
        n++;
        if (p == end)
            break;
        if (*p++ != ':' || p == end)
            return -1;
        if (*p == ':') {
            if (gap >= 0)
                return -1;
            gap = n;
            p++;
        }
    }
    if (gap < 0 ? n != GROUPS : n == GROUPS)
        return -1;
    if (gap >= 0) {
        size_t behind = (size_t)(n - gap);
        memmove(groups[GROUPS - behind], groups[gap], behind * sizeof(groups[0]));
        memset(groups[gap], 0, (size_t)(GROUPS - n) * sizeof(groups[0]));
    }
    memcpy(out, groups, sizeof(groups));
    return 0;
}
