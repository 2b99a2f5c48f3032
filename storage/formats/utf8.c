/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

/* How many bytes follow the first one; -1: it cannot be first. */
static int count_following(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first < 0xc0 || first > 0xf7)
        return -1;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

int32_t utf8_next(const unsigned char **at, const unsigned char *end)
{
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000}; /* what fewer bytes could not say */
    const unsigned char *p = *at;
    int more = count_following(*p);
    int32_t c = more <= 0 ? *p : *p & (0x3f >> more);

    (*at)++;
    if (more < 0 || end - p <= more)
        return -1;
    for (int i = 1; i <= more; i++) {
        if (p[i] >> 6 != 2)
            return -1;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return -1;
    *at = p + 1 + more;
    return c;
}
