/* SPDX-License-Identifier: Apache-2.0 */
#include "http_status.h"

#include <stdbool.h>

/* What may stand at each place: "d" is any digit, "f" the first digit of a code, "e" what ends a code. */
static const char form[HTTP_STATUS_BYTES + 1] = "HTTP/1.d fdde";

static bool fits(char byte, char wanted)
{
    switch (wanted) {
    case 'd':
        return byte >= '0' && byte <= '9';
    case 'f':
        return byte >= '1' && byte <= '5';
    case 'e':
        return byte == ' ' || byte == '\r' || byte == '\n';
    default:
        return byte == wanted;
    }
}

int http_status_parse(const char *bytes, size_t size)
{
    for (size_t i = 0; i < HTTP_STATUS_BYTES && i < size; i++)
        if (!fits(bytes[i], form[i]))
            return HTTP_STATUS_INVALID;
    if (size < HTTP_STATUS_BYTES)
        return HTTP_STATUS_MORE;
    return (bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0');
}
