/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <stdlib.h>

long strtol(const char *restrict s, char **restrict end, int base)
{
    return (long)number_read(s, end, base, true);
}
