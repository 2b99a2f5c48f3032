/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <stdlib.h>

unsigned long strtoul(const char *restrict s, char **restrict end, int base)
{
    return (unsigned long)number_read(s, end, base, false);
}
