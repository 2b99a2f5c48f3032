/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <strings.h>

int strcasecmp(const char *a, const char *b)
{
    return strncasecmp(a, b, SIZE_MAX);
}
