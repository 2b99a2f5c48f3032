/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <stdlib.h>

long long strtoll(const char *restrict s, char **restrict end, int base)
{
    return (long long)number_read(s, end, base, true);
}
